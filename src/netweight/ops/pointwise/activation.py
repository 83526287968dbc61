"""Activation functions made of pieces: one tensor in, the same shape out.

The work per element is that of the formula in the docstring of each forward and backward, with constants folded and
signs free; where an element takes one of two branches, that of the dearer branch. Gradients at kinks are PyTorch's.

Source: torch.nn.functional; ELU, Clevert et al. 2016; SELU, Klambauer et al. 2017; PReLU, He et al. 2015; hard swish,
Howard et al. 2019.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.arrays.elementwise import per_element, per_element_backward, register_unary, work_of
from netweight.ops.reach import same_position
from netweight.ops.table import FREE, Array, Cost, OpDef, Wanted, register

_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakyReluAttrs:
    """Attributes of the leaky ReLU.

    Attributes:
        negative_slope: Factor of negative inputs; not negative itself, so that the sign of ``y`` is that of ``x``.
    """

    negative_slope: float = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class EluAttrs:
    """Attributes of the exponential linear unit.

    Attributes:
        alpha: Minus the limit at minus infinity; not negative, so that the sign of ``y`` is that of ``x``.
    """

    alpha: float = 1.0


def relu_forward(_attrs: None, x: Array) -> Array:
    """max(x, 0)."""
    y: Array = np.maximum(x, 0)
    return y


def relu_backward(_attrs: None, grad_y: Array, _x: Array, *, y: Array) -> tuple[Array]:
    """Pass the gradient where ``y`` is positive."""
    return (grad_y * (y > 0),)


def relu6_forward(_attrs: None, x: Array) -> Array:
    """min(max(x, 0), 6)."""
    y: Array = np.minimum(np.maximum(x, 0), 6)
    return y


def relu6_backward(_attrs: None, grad_y: Array, _x: Array, *, y: Array) -> tuple[Array]:
    """Pass the gradient strictly between the bounds."""
    return (grad_y * ((y > 0) & (y < 6)),)


def leaky_relu_shape(attrs: LeakyReluAttrs, x: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    if attrs.negative_slope < 0:
        raise ShapeError(f"leaky_relu: expected negative_slope of at least 0, got {attrs.negative_slope}")
    return x


def leaky_relu_forward(attrs: LeakyReluAttrs, x: Array) -> Array:
    """x if x > 0 else negative_slope * x."""
    y: Array = np.where(x > 0, x, attrs.negative_slope * x)
    return y


def leaky_relu_backward(attrs: LeakyReluAttrs, grad_y: Array, _x: Array, *, y: Array) -> tuple[Array]:
    """The slope of the branch, which the sign of ``y`` tells."""
    return (np.where(y > 0, grad_y, attrs.negative_slope * grad_y),)


def prelu_shape(_attrs: None, x: TensorSpec, weight: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    channels = x.shape[1] if len(x.shape) > 1 else 1
    if weight.shape not in ((1,), (channels,)):
        raise ShapeError(f"prelu: expected weight of shape (1,) or ({channels},), got {weight.shape}")
    return x


def prelu_forward(_attrs: None, x: Array, weight: Array) -> Array:
    """x if x > 0 else weight * x."""
    y: Array = np.where(x > 0, x, _along_channels(weight, x) * x)
    return y


def prelu_backward(_attrs: None, grad_y: Array, x: Array, weight: Array) -> tuple[Array, Array]:
    """The slope of the branch; the weight collects what the negative branch passed on."""
    grad_x = np.where(x > 0, grad_y, _along_channels(weight, x) * grad_y)
    through_weight = grad_y * np.minimum(x, 0)
    shared = tuple(dim for dim in range(x.ndim) if dim != 1 or weight.size == 1)
    return grad_x, through_weight.sum(axis=shared).reshape(weight.shape)


def prelu_backward_cost(_attrs: None, wanted: Wanted, x: TensorSpec, _weight: TensorSpec) -> Cost:
    """Comparison and product for either gradient; that of ``weight`` is also added up."""
    grad_x, grad_weight = wanted
    cost = work_of(x.numel, {"compares": 1, "muls": 1}) if grad_x else FREE
    return cost + work_of(x.numel, {"compares": 1, "muls": 1, "adds": 1}) if grad_weight else cost


def elu_shape(attrs: EluAttrs, x: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    if attrs.alpha < 0:
        raise ShapeError(f"elu: expected alpha of at least 0, got {attrs.alpha}")
    return x


def elu_forward(attrs: EluAttrs, x: Array) -> Array:
    """x if x > 0 else alpha * (exp(x) - 1)."""
    y: Array = np.where(x > 0, x, attrs.alpha * np.expm1(np.minimum(x, 0)))
    return y


def elu_backward(attrs: EluAttrs, grad_y: Array, _x: Array, *, y: Array) -> tuple[Array]:
    """1, or alpha * exp(x) = y + alpha."""
    return (np.where(y > 0, grad_y, grad_y * (y + attrs.alpha)),)


def selu_forward(_attrs: None, x: Array) -> Array:
    """scale * x if x > 0 else (scale * alpha) * (exp(x) - 1)."""
    return _SELU_SCALE * elu_forward(EluAttrs(alpha=_SELU_ALPHA), x)


def selu_backward(_attrs: None, grad_y: Array, _x: Array, *, y: Array) -> tuple[Array]:
    """scale, or scale * alpha * exp(x) = y + scale * alpha."""
    return (grad_y * np.where(y > 0, _SELU_SCALE, y + _SELU_SCALE * _SELU_ALPHA),)


def hardsigmoid_forward(_attrs: None, x: Array) -> Array:
    """min(max(x / 6 + 1 / 2, 0), 1)."""
    y: Array = np.clip(x / 6 + 0.5, 0, 1)
    return y


def hardsigmoid_backward(_attrs: None, grad_y: Array, _x: Array, *, y: Array) -> tuple[Array]:
    """1 / 6 strictly between the bounds."""
    return (grad_y * ((y > 0) & (y < 1)) / 6,)


def hardswish_forward(_attrs: None, x: Array) -> Array:
    """x * min(max(x / 6 + 1 / 2, 0), 1)."""
    return x * hardsigmoid_forward(None, x)


def hardswish_backward(_attrs: None, grad_y: Array, x: Array) -> tuple[Array]:
    """0 up to -3, x / 3 + 1 / 2 up to 3, then 1."""
    return (grad_y * np.where(x <= -3, 0, np.where(x < 3, x / 3 + 0.5, 1)),)


def _along_channels(weight: Array, x: Array) -> Array:
    """``weight`` shaped to broadcast against ``x``, whose channels are dimension 1."""
    return weight if weight.size == 1 else weight.reshape(-1, *(1,) * (x.ndim - 2))


RELU = register_unary(
    "relu",
    kind="activation",
    each={"compares": 1},
    forward=relu_forward,
    backward=relu_backward,
    backward_cost=per_element_backward(compares=1),
    saves=("y",),
)
RELU6 = register_unary(
    "relu6",
    kind="activation",
    each={"compares": 2},
    forward=relu6_forward,
    backward=relu6_backward,
    backward_cost=per_element_backward(compares=2),
    saves=("y",),
)
LEAKY_RELU = register_unary(
    "leaky_relu",
    kind="activation",
    attrs=LeakyReluAttrs,
    shape=leaky_relu_shape,
    each={"compares": 1, "muls": 1},
    forward=leaky_relu_forward,
    backward=leaky_relu_backward,
    backward_cost=per_element_backward(compares=1, muls=1),
    saves=("y",),
)
PRELU = register(
    OpDef(
        name="prelu",
        kind="activation",
        attrs=None,
        inputs=("x", "weight"),
        shape=prelu_shape,
        cost=per_element(compares=1, muls=1),
        forward=prelu_forward,
        backward=prelu_backward,
        backward_cost=prelu_backward_cost,
        saves=("x", "weight"),
        reach=same_position,
        dims={"weight": "c"},
    )
)
ELU = register_unary(
    "elu",
    kind="activation",
    attrs=EluAttrs,
    shape=elu_shape,
    each={"compares": 1, "exps": 1, "adds": 1, "muls": 1},
    forward=elu_forward,
    backward=elu_backward,
    backward_cost=per_element_backward(compares=1, adds=1, muls=1),
    saves=("y",),
)
SELU = register_unary(
    "selu",
    kind="activation",
    each={"compares": 1, "exps": 1, "adds": 1, "muls": 1},
    forward=selu_forward,
    backward=selu_backward,
    backward_cost=per_element_backward(compares=1, adds=1, muls=1),
    saves=("y",),
)
HARDSIGMOID = register_unary(
    "hardsigmoid",
    kind="activation",
    each={"muls": 1, "adds": 1, "compares": 2},
    forward=hardsigmoid_forward,
    backward=hardsigmoid_backward,
    backward_cost=per_element_backward(compares=2, muls=1),
    saves=("y",),
)
HARDSWISH = register_unary(
    "hardswish",
    kind="activation",
    each={"muls": 2, "adds": 1, "compares": 2},
    forward=hardswish_forward,
    backward=hardswish_backward,
    backward_cost=per_element_backward(compares=2, adds=1, muls=2),
    saves=("x",),
)
