import math
from typing import Any

import numpy as np
import pytest

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY
from netweight.ops.arrays.safe import erf
from netweight.ops.pointwise.activation import (
    CeluAttrs,
    EluAttrs,
    HardsigmoidAttrs,
    LeakyReluAttrs,
    ShrinkAttrs,
    ThresholdAttrs,
)
from netweight.ops.pointwise.activation_smooth import GeluAttrs, SoftplusAttrs
from netweight.testing.laws import gradients, run

E = math.e


@pytest.mark.parametrize(
    ("op", "attrs", "x", "expected"),
    [
        ("relu", None, [-1.0, 0.0, 2.0], [0, 0, 2]),
        ("relu6", None, [-1.0, 2.0, 7.0], [0, 2, 6]),
        ("leaky_relu", LeakyReluAttrs(negative_slope=0.5), [-4.0, 3.0], [-2, 3]),
        ("elu", EluAttrs(alpha=2.0), [-1.0, 3.0], [2 * (1 / E - 1), 3]),
        ("selu", None, [-1.0, 1.0], [1.0507009873554805 * 1.6732632423543772 * (1 / E - 1), 1.0507009873554805]),
        ("hardsigmoid", HardsigmoidAttrs(), [-4.0, -1.5, 0.0, 3.5], [0, 0.25, 0.5, 1]),
        ("hardswish", None, [-4.0, -1.0, 1.0, 4.0], [0, -2 / 6, 4 / 6, 4]),
        ("sigmoid", None, [0.0, math.log(3)], [1 / 2, 3 / 4]),
        ("tanh", None, [0.0, math.log(3) / 2], [0, 1 / 2]),
        ("silu", None, [0.0, math.log(3)], [0, 3 / 4 * math.log(3)]),
        ("gelu", GeluAttrs(), [-1.0, 1.0], [-0.15865525393145707, 0.8413447460685429]),
        ("gelu", GeluAttrs(approximate="tanh"), [1.0], [0.5 * (1 + math.tanh(math.sqrt(2 / math.pi) * 1.044715))]),
        ("softplus", SoftplusAttrs(beta=2.0), [0.0, 11.0], [math.log(2) / 2, 11]),
        ("softplus", SoftplusAttrs(threshold=1.0), [1.0, 1.5], [math.log(1 + E), 1.5]),
        ("mish", None, [0.0, math.log(math.sqrt(3) - 1)], [0, 0.5 * math.log(math.sqrt(3) - 1)]),
    ],
)
def test_values_by_hand(op: str, attrs: Any, x: list[float], expected: list[float]) -> None:
    """The last mish: log(1 + exp(x)) = log(3) / 2, whose hyperbolic tangent is 1 / 2."""
    (y,), _ = run(REGISTRY[op], attrs, (np.array(x),))
    np.testing.assert_allclose(y, expected, rtol=1e-14, atol=1e-15)


def test_prelu_has_a_slope_per_channel_or_one() -> None:
    x = np.array([[-1.0, -2.0, 3.0]])
    (y,), _ = run(REGISTRY["prelu"], None, (x, np.array([0.1, 0.5, 9.0])))
    np.testing.assert_allclose(y, [[-0.1, -1.0, 3.0]])
    (y,), _ = run(REGISTRY["prelu"], None, (x, np.array([0.5])))
    np.testing.assert_allclose(y, [[-0.5, -1.0, 3.0]])
    _, grad_weight = gradients(REGISTRY["prelu"], None, (np.ones((1, 3)),), (x, np.array([0.5])), {})
    np.testing.assert_allclose(grad_weight, [-1 - 2])


def test_erf_is_that_of_the_c_library_in_the_type_of_its_input() -> None:
    x = np.linspace(-6, 6, 101)
    np.testing.assert_allclose(erf(x), [math.erf(number) for number in x], rtol=1e-15)
    assert erf(np.zeros((0, 3), np.float32)).dtype == np.float32


ATTRS: dict[str, Any] = {
    "elu": EluAttrs(),
    "gelu": GeluAttrs(),
    "leaky_relu": LeakyReluAttrs(),
    "softplus": SoftplusAttrs(threshold=math.inf),
    "celu": CeluAttrs(),
    "hardshrink": ShrinkAttrs(),
    "softshrink": ShrinkAttrs(),
    "threshold": ThresholdAttrs(threshold=0, value=0),
    "hardsigmoid": HardsigmoidAttrs(),
}
_OTHERS = ("prelu", "glu", "softsign")  # two inputs, half an output, limits approached slowly


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", [n for n, op in REGISTRY.items() if op.kind == "activation" and n not in _OTHERS])
def test_large_numbers_neither_overflow_nor_warn(name: str, dtype: Any) -> None:
    """Far from zero every one of them is flat or a line with the slope 0, 1, that of SELU, or a small one."""
    op, attrs = REGISTRY[name], ATTRS.get(name)
    x = np.array([-1e4, -200, 200, 1e4], dtype)
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        (y,), saved = run(op, attrs, (x,))
        (slope,) = gradients(op, attrs, (np.ones_like(x),), (x,), saved)
    assert y.dtype == slope.dtype == dtype
    assert np.isfinite(y).all()
    distance = np.abs(slope[:, None] - [0, 1, 0.01, 1.0507009873554805]).min(axis=1)
    np.testing.assert_array_less(distance, 1e-6)


def test_far_apart_the_smooth_ones_are_what_they_approach() -> None:
    x = np.array([-1e4, 1e4])
    for name, expected in {
        "sigmoid": [0, 1], "tanh": [-1, 1], "silu": [0, 1e4], "gelu": [0, 1e4], "softplus": [0, 1e4], "mish": [0, 1e4],
    }.items():  # fmt: skip
        (y,), _ = run(REGISTRY[name], ATTRS.get(name), (x,))
        np.testing.assert_array_equal(y, expected)


def test_gradients_at_kinks_are_pytorchs() -> None:
    functional = pytest.importorskip("torch").nn.functional
    torch = pytest.importorskip("torch")
    kinks = np.array([-3.0, 0.0, 3.0, 6.0])
    for name in ("relu", "relu6", "leaky_relu", "elu", "selu", "hardswish", "hardsigmoid"):
        op, attrs = REGISTRY[name], ATTRS.get(name)
        _, saved = run(op, attrs, (kinks,))
        x = torch.from_numpy(kinks.copy()).requires_grad_()
        getattr(functional, name)(x).sum().backward()
        (found,) = gradients(op, attrs, (np.ones(4),), (kinks,), saved)
        np.testing.assert_allclose(found, x.grad.numpy(), rtol=1e-7)  # PyTorch takes 1 / 6 in float32


def test_work_per_element() -> None:
    x = TensorSpec((2, 5))
    gelu = REGISTRY["gelu"].cost
    exact, tanh = gelu(GeluAttrs(), x), gelu(GeluAttrs(approximate="tanh"), x)
    assert (exact.muls, exact.adds, exact.erfs, exact.tanhs) == (10 * 3, 10, 10, 0)
    assert (tanh.muls, tanh.adds, tanh.erfs, tanh.tanhs) == (10 * 5, 10 * 2, 0, 10)
    hardswish = REGISTRY["hardswish"].cost(None, x)
    assert (hardswish.muls, hardswish.adds, hardswish.compares) == (10 * 2, 10, 10 * 2)


@pytest.mark.parametrize(
    ("op", "attrs", "shapes", "message"),
    [
        ("leaky_relu", LeakyReluAttrs(negative_slope=-1.0), [(2,)], r"negative_slope of at least 0, got -1.0"),
        ("elu", EluAttrs(alpha=-0.5), [(2,)], r"elu: expected alpha of at least 0, got -0.5"),
        ("prelu", None, [(2, 3), (2,)], r"prelu: expected weight of shape \(1,\) or \(3,\), got \(2,\)"),
        ("prelu", None, [(3,), (3,)], r"prelu: expected weight of shape \(1,\) or \(1,\), got \(3,\)"),
        ("gelu", GeluAttrs(approximate="erf"), [(2,)], r"gelu: expected approximate 'none' or 'tanh', got 'erf'"),  # type: ignore[arg-type]
        ("softplus", SoftplusAttrs(beta=0.0), [(2,)], r"softplus: expected a beta other than 0, got 0.0"),
    ],
)
def test_errors_name_what_was_expected_and_what_came(op: str, attrs: Any, shapes: list[Any], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        REGISTRY[op].shape(attrs, *(TensorSpec(shape) for shape in shapes))
