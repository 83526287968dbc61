from typing import Any

import numpy as np
import pytest

from netweight.errors import ShapeError, UsageError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.quantize.affine import FakeQuantizeAttrs, QuantizeAttrs, ScaleAttrs
from netweight.ops.quantize.scales import integer_range

_X, _ONE, _ROW = TensorSpec((2, 3)), TensorSpec(()), TensorSpec((3,))
_ZERO = TensorSpec((), "int64")


def test_rounding_and_bounds() -> None:
    """Steps of 1/2 around 10: 1 is 2 steps; halves of a step go to the even one; 1000 is beyond."""
    x = np.array([1.0, 0.25, 0.75, -1000.0, 1000.0])
    y = REGISTRY["quantize"].forward(QuantizeAttrs(dtype="int8"), x, np.array(0.5), np.array(10))
    np.testing.assert_array_equal(y, [10 + 2, 10 + 0, 10 + 2, -128, 127])
    assert y.dtype == np.int8
    back = REGISTRY["dequantize"].forward(ScaleAttrs(), y, np.array(0.5, np.float32), np.array(10))
    np.testing.assert_array_equal(back, [1, 0, 1, -138 / 2, 117 / 2])
    assert back.dtype == np.float32


def test_four_bits_go_from_minus_eight_to_seven() -> None:
    attrs = QuantizeAttrs(dtype="int4")
    assert REGISTRY["quantize"].shape(attrs, _X, _ONE, None) == TensorSpec((2, 3), "int4")
    y = REGISTRY["quantize"].forward(attrs, np.array([-99.0, 99.0]), np.array(1.0), None)
    np.testing.assert_array_equal(y, [-8, 7])


def test_a_scale_per_channel() -> None:
    y = REGISTRY["quantize"].forward(QuantizeAttrs(dim=0), np.ones((2, 1)), np.array([1.0, 0.25]), None)
    np.testing.assert_array_equal(y, [[1], [4]])
    inputs = np.array([[1, 2], [3, 4]], np.int8), np.array([1.0, 0.25]), np.array([0, 1])
    _, grad_scale, _ = REGISTRY["dequantize"].backward(ScaleAttrs(dim=0), np.ones((2, 2)), *inputs)
    np.testing.assert_array_equal(grad_scale, [1 + 2, (3 - 1) + (4 - 1)])


def test_gradients_go_straight_through_within_the_bounds() -> None:
    """1.2 rounds to 1, 9 is cut to 7: the scale feels 1 - 1.2 of the one and the bound 7 of the other."""
    attrs = FakeQuantizeAttrs(quant_min=-8, quant_max=7)
    inputs = np.array([1.2, 9.0]), np.array(1.0), None
    op = REGISTRY["fake_quantize"]
    np.testing.assert_array_equal(op.forward(attrs, *inputs), [1, 7])
    grad_x, grad_scale, none = op.backward(attrs, np.ones(2), *inputs)
    np.testing.assert_array_equal(grad_x, [1, 0])
    np.testing.assert_allclose(grad_scale, (1 - 1.2) + 7)
    assert none is None


@pytest.mark.parametrize("dim", [None, 1])
def test_pytorchs_learned_scale_has_the_same_gradients(dim: int | None, rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    x = (rng.integers(-12, 12, (4, 3)) + rng.uniform(-0.4, 0.4, (4, 3))).astype(np.float32)
    scale = np.asarray(1.0 if dim is None else [1.0, 0.5, 2.0], np.float32)
    zero = np.zeros(scale.shape, np.int32)
    grad = rng.standard_normal(x.shape).astype(np.float32)
    tensor, step = torch.from_numpy(x).requires_grad_(), torch.from_numpy(scale.reshape(-1)).requires_grad_()
    none, bounds = torch.zeros(step.shape), (-8, 7, 1.0)
    if dim is None:
        y = torch._fake_quantize_learnable_per_tensor_affine(tensor, step, none, *bounds)
    else:
        y = torch._fake_quantize_learnable_per_channel_affine(tensor, step, none, dim, *bounds)
    y.backward(torch.from_numpy(grad))
    attrs = FakeQuantizeAttrs(dim=dim, quant_min=-8, quant_max=7)
    np.testing.assert_allclose(REGISTRY["fake_quantize"].forward(attrs, x, scale, zero), y.detach().numpy())
    grad_x, grad_scale, _ = REGISTRY["fake_quantize"].backward(attrs, grad, x, scale, zero)
    np.testing.assert_allclose(grad_x, tensor.grad.numpy())
    np.testing.assert_allclose(grad_scale.reshape(-1), step.grad.numpy(), rtol=1e-5)


def test_work() -> None:
    """Per element a division, a rounding and two bounds; a zero point is one addition each way."""
    assert REGISTRY["quantize"].cost(QuantizeAttrs(), _X, _ONE, None) == Cost(divs=6, compares=18)
    assert REGISTRY["quantize"].cost(QuantizeAttrs(), _X, _ONE, _ZERO) == Cost(divs=6, compares=18, adds=6)
    assert REGISTRY["dequantize"].cost(ScaleAttrs(), _X, _ONE, _ZERO) == Cost(muls=6, adds=6)
    fake = REGISTRY["fake_quantize"].cost(FakeQuantizeAttrs(), _X, _ONE, _ZERO)
    assert fake == Cost(divs=6, compares=18, muls=6, adds=12)


_INT = TensorSpec((2, 3), "int8")


@pytest.mark.parametrize(
    ("name", "attrs", "inputs", "message"),
    [
        (
            "quantize",
            QuantizeAttrs(dtype="float16"),
            (_X, _ONE, None),
            "quantize: expected an integer type, got float16",
        ),
        ("quantize", QuantizeAttrs(dtype="bool"), (_X, _ONE, None), "quantize: expected an integer type, got bool"),
        (
            "quantize",
            QuantizeAttrs(dim=2),
            (_X, _ONE, None),
            r"quantize: expected 0 <= dim < 2, got 2 for shape \(2, 3\)",
        ),
        ("quantize", QuantizeAttrs(), (_X, _ROW, None), r"scale and zero_point of shape \(\), got \(3,\)"),
        ("quantize", QuantizeAttrs(dim=1), (_X, _ROW, _ZERO), r"of shape \(3,\), got \(3,\) and \(\)"),
        ("dequantize", ScaleAttrs(), (_X, _ONE, None), "dequantize: expected x of an integer type, got float32"),
        ("dequantize", ScaleAttrs(dim=0), (_INT, _ROW, None), r"dequantize: .* of shape \(2,\), got \(3,\)"),
        (
            "fake_quantize",
            FakeQuantizeAttrs(quant_min=7, quant_max=7),
            (_X, _ONE, None),
            "quant_min < quant_max, got 7 and 7",
        ),
        ("fake_quantize", FakeQuantizeAttrs(dim=1), (_X, _ONE, None), r"fake_quantize: .* of shape \(3,\), got \(\)"),
    ],
)
def test_errors(name: str, attrs: Any, inputs: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        REGISTRY[name].shape(attrs, *inputs)


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(UsageError, match="got 'int99'"):
        REGISTRY["quantize"].shape(QuantizeAttrs(dtype="int99"), _X, _ONE, None)


@pytest.mark.parametrize(("dtype", "bounds"), [("uint4", (0, 15)), ("uint8", (0, 255)), ("int8", (-128, 127))])
def test_what_an_integer_type_holds(dtype: str, bounds: tuple[int, int]) -> None:
    assert integer_range(dtype) == bounds
