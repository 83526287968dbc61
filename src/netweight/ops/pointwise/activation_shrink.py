"""More activation functions: one tensor in, the same shape out.

The work per element is that of the formula in the docstring of each forward and backward, with constants folded and
signs free; where an element takes one of two branches, that of the dearer branch. Gradients at kinks are PyTorch's.

Source: torch.nn.functional; CELU, Barron 2017; ONNX HardSigmoid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.arrays.elementwise import per_element_backward, register_unary
from netweight.ops.arrays.safe import sigmoid
from netweight.ops.table import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class CeluAttrs:
    """Attributes of the continuously differentiable exponential linear unit.

    Attributes:
        alpha: Minus the limit at minus infinity, and the width of the bend.
    """

    alpha: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HardsigmoidAttrs:
    """Attributes of a hard sigmoid of any slope.

    Attributes:
        alpha: Slope between the bounds.
        beta: Value at zero.
    """

    alpha: float = 0.2
    beta: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ShrinkAttrs:
    """Attributes of a shrinkage.

    Attributes:
        lambd: Largest absolute value that becomes zero.
    """

    lambd: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdAttrs:
    """Attributes of a threshold.

    Attributes:
        threshold: Largest number that is replaced.
        value: What it is replaced by.
    """

    threshold: float
    value: float


def celu_shape(attrs: CeluAttrs, x: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    if attrs.alpha <= 0:
        raise ShapeError(f"celu: expected alpha above 0, got {attrs.alpha}")
    return x


def celu_forward(attrs: CeluAttrs, x: Array) -> Array:
    """x if x > 0 else alpha * (exp(x / alpha) - 1)."""
    y: Array = np.where(x > 0, x, attrs.alpha * np.expm1(np.minimum(x, 0) / attrs.alpha))
    return y


def celu_backward(attrs: CeluAttrs, grad_y: Array, _x: Array, *, y: Array) -> tuple[Array]:
    """1, or exp(x / alpha) = y / alpha + 1."""
    return (np.where(y > 0, grad_y, grad_y * (y / attrs.alpha + 1)),)


def hardsigmoid_general_forward(attrs: HardsigmoidAttrs, x: Array) -> Array:
    """min(max(alpha * x + beta, 0), 1)."""
    y: Array = np.clip(attrs.alpha * x + attrs.beta, 0, 1).astype(x.dtype, copy=False)
    return y


def hardsigmoid_general_backward(attrs: HardsigmoidAttrs, grad_y: Array, _x: Array, *, y: Array) -> tuple[Array]:
    """Alpha strictly between the bounds."""
    return (grad_y * ((y > 0) & (y < 1)) * attrs.alpha,)


def log_sigmoid_forward(_attrs: None, x: Array) -> Array:
    """min(x, 0) - log(1 + exp(-|x|))."""
    y: Array = np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))
    return y


def log_sigmoid_backward(_attrs: None, grad_y: Array, x: Array) -> tuple[Array]:
    """sigmoid(-x) = 1 / (1 + exp(x))."""
    return (grad_y * sigmoid(-x),)


def shrink_shape(op: str) -> Callable[[ShrinkAttrs, TensorSpec], TensorSpec]:
    """Shape rule of a shrinkage: same as ``x``; ``ShapeError`` if lambd is negative."""

    def shape(attrs: ShrinkAttrs, x: TensorSpec) -> TensorSpec:
        if attrs.lambd < 0:
            raise ShapeError(f"{op}: expected lambd of at least 0, got {attrs.lambd}")
        return x

    return shape


def softshrink_forward(attrs: ShrinkAttrs, x: Array) -> Array:
    """x - lambd if x > lambd, x + lambd if x < -lambd, else 0."""
    return x - np.clip(x, -attrs.lambd, attrs.lambd)


def softshrink_backward(_attrs: ShrinkAttrs, grad_y: Array, _x: Array, *, y: Array) -> tuple[Array]:
    """Pass the gradient where ``y`` is not zero."""
    return (grad_y * (y != 0),)


def hardshrink_forward(attrs: ShrinkAttrs, x: Array) -> Array:
    """x if |x| > lambd else 0."""
    return x * (np.abs(x) > attrs.lambd)


def hardshrink_backward(attrs: ShrinkAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """Pass the gradient where |x| > lambd."""
    return (grad_y * (np.abs(x) > attrs.lambd),)


def threshold_forward(attrs: ThresholdAttrs, x: Array) -> Array:
    """x if x > threshold else value."""
    return np.where(x > attrs.threshold, x, np.full((), attrs.value, x.dtype))


def threshold_backward(attrs: ThresholdAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """Pass the gradient above the threshold."""
    return (grad_y * (x > attrs.threshold),)


def tanhshrink_forward(_attrs: None, x: Array) -> Array:
    """x - tanh(x)."""
    return x - np.tanh(x)


def tanhshrink_backward(_attrs: None, grad_y: Array, x: Array) -> tuple[Array]:
    """tanh(x)²."""
    return (grad_y * np.square(np.tanh(x)),)


def softsign_forward(_attrs: None, x: Array) -> Array:
    """x / (1 + |x|)."""
    return x / (1 + np.abs(x))


def softsign_backward(_attrs: None, grad_y: Array, x: Array) -> tuple[Array]:
    """1 / (1 + |x|)²."""
    return (grad_y / np.square(1 + np.abs(x)),)


CELU = register_unary(
    "celu",
    kind="activation",
    attrs=CeluAttrs,
    shape=celu_shape,
    each={"compares": 1, "exps": 1, "adds": 1, "muls": 2},
    forward=celu_forward,
    backward=celu_backward,
    backward_cost=per_element_backward(compares=1, muls=2, adds=1),
    saves=("y",),
)
HARDSIGMOID_GENERAL = register_unary(
    "hardsigmoid_general",
    kind="activation",
    attrs=HardsigmoidAttrs,
    each={"muls": 1, "adds": 1, "compares": 2},
    forward=hardsigmoid_general_forward,
    backward=hardsigmoid_general_backward,
    backward_cost=per_element_backward(compares=2, muls=1),
    saves=("y",),
)

LOG_SIGMOID = register_unary(
    "log_sigmoid",
    kind="activation",
    each={"compares": 2, "exps": 1, "logs": 1, "adds": 2},
    forward=log_sigmoid_forward,
    backward=log_sigmoid_backward,
    backward_cost=per_element_backward(exps=1, adds=1, divs=1, muls=1),
    saves=("x",),
)
SOFTSHRINK = register_unary(
    "softshrink",
    kind="activation",
    attrs=ShrinkAttrs,
    shape=shrink_shape("softshrink"),
    each={"compares": 2, "adds": 1},
    forward=softshrink_forward,
    backward=softshrink_backward,
    backward_cost=per_element_backward(compares=1),
    saves=("y",),
)
HARDSHRINK = register_unary(
    "hardshrink",
    kind="activation",
    attrs=ShrinkAttrs,
    shape=shrink_shape("hardshrink"),
    each={"compares": 2},
    forward=hardshrink_forward,
    backward=hardshrink_backward,
    backward_cost=per_element_backward(compares=2),
    saves=("x",),
)
THRESHOLD = register_unary(
    "threshold",
    kind="activation",
    attrs=ThresholdAttrs,
    each={"compares": 1},
    forward=threshold_forward,
    backward=threshold_backward,
    backward_cost=per_element_backward(compares=1),
    saves=("x",),
)
TANHSHRINK = register_unary(
    "tanhshrink",
    kind="activation",
    each={"tanhs": 1, "adds": 1},
    forward=tanhshrink_forward,
    backward=tanhshrink_backward,
    backward_cost=per_element_backward(tanhs=1, muls=2),
    saves=("x",),
)
SOFTSIGN = register_unary(
    "softsign",
    kind="activation",
    each={"compares": 1, "adds": 1, "divs": 1},
    forward=softsign_forward,
    backward=softsign_backward,
    backward_cost=per_element_backward(compares=1, adds=1, muls=1, divs=1),
    saves=("x",),
)
