import numpy as np
import pytest
from hypothesis import given

from cases import CASES
from cases.draws import Case
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost

_OP = REGISTRY["dynamic_quantize"]


def test_the_range_holds_zero_and_all_numbers() -> None:
    """From -51 to 204 are 255 steps of 1; zero is 51 steps from the start; 0.5 + 51 and 1.5 + 51 round to even."""
    y, scale, zero = _OP.forward(None, np.array([-51.0, 0.5, 1.5, 204.0], np.float32))
    np.testing.assert_array_equal(y, [0, 0 + 51, 2 + 51, 255])
    assert (scale, zero) == (1.0, 51)
    assert (y.dtype, scale.dtype, zero.dtype) == (np.uint8, np.float32, np.uint8)
    y, scale, zero = _OP.forward(None, np.array([102.0, 510.0]))
    np.testing.assert_array_equal(y, [102 // 2, 255])
    assert (scale, zero) == (510 / 255, 0)


def test_zeros_alone() -> None:
    y, scale, zero = _OP.forward(None, np.zeros(3))
    np.testing.assert_array_equal(y, 0)
    assert (scale, zero) == (1.0, 0)


def test_cost() -> None:
    """Of 6 numbers: 2 comparisons each for the range, 3 for rounding and bounds."""
    assert _OP.cost(None, TensorSpec((2, 3))) == Cost(compares=6 * (2 + 3), divs=6, adds=6)


def test_integers_have_a_floating_scale() -> None:
    assert _OP.shape(None, TensorSpec((2,), "int8"))[1] == TensorSpec((), "float32")


def test_nothing_has_a_scale_of_one() -> None:
    y, scale, zero = _OP.forward(None, np.zeros((0, 3), np.float32))
    assert (y.shape, scale.item(), zero.item()) == ((0, 3), 1, 0)


@given(case=CASES["dynamic_quantize"])
def test_scale_and_integers_are_those_of_pytorchs_observer(case: Case) -> None:
    """In float32, where a quotient may fall on the other side of a half. The scale of zeros alone is a convention."""
    torch = pytest.importorskip("torch")
    x = case[1][0].astype(np.float32)
    y, scale, zero = _OP.forward(None, x)
    observer = torch.ao.quantization.MinMaxObserver(dtype=torch.quint8, quant_min=0, quant_max=255)
    observer(torch.from_numpy(x))
    step, point = observer.calculate_qparams()
    assert int(zero) == int(point)
    if x.any():
        np.testing.assert_allclose(scale, step.item(), rtol=1e-6)
    theirs = torch.fake_quantize_per_tensor_affine(torch.from_numpy(x), step.item(), int(point), 0, 255).numpy()
    off = np.abs((y.astype(int) - int(zero)) * step.item() - theirs) / step.item()
    assert off.max() <= 1e-4 + (np.abs(x / step.item() % 1 - 0.5) < 1e-3).any()
