"""Activation functions made of pieces. Gradients at kinks are PyTorch's.

Source: torch.nn.functional; ELU, Clevert et al. 2016; SELU, Klambauer et al. 2017; CELU, Barron 2017; PReLU, He et al.
2015; hard swish, Howard et al. 2019; ONNX HardSigmoid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.elementwise import per_element, work_of
from netweight.ops.extent import same_position
from netweight.ops.pointwise.combinator import pointwise
from netweight.ops.table import FREE, Cost, Spelled, Wanted, define

_SELU_SCALE = 1.0507009873554804934193349852946
_SELU_BEND = _SELU_SCALE * 1.6732632423543772848170429916717
_COMPARED, _TWICE = {"compares": 1}, {"compares": 2}
_BENT, _BENT_SLOPE = {"compares": 1, "exps": 1, "adds": 1, "muls": 1}, {"compares": 1, "adds": 1, "muls": 1}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class CeluAttrs:
    """Attributes of the continuously differentiable exponential linear unit.

    Attributes:
        alpha: Minus the limit at minus infinity, and the width of the bend.
    """

    alpha: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HardsigmoidAttrs:
    """Attributes of a hard sigmoid.

    Attributes:
        alpha: Slope between the bounds.
        beta: Value at zero.
    """

    alpha: float = 1 / 6
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


def _at_least_zero(op: str, setting: str) -> Any:
    def check(attrs: Any, _x: TensorSpec) -> None:
        if getattr(attrs, setting) < 0:
            raise ShapeError(f"{op}: expected {setting} of at least 0, got {getattr(attrs, setting)}")

    return check


def _bends(attrs: CeluAttrs, _x: TensorSpec) -> None:
    if attrs.alpha <= 0:
        raise ShapeError(f"celu: expected alpha above 0, got {attrs.alpha}")


LEAKY_RELU = pointwise(
    "leaky_relu", lambda attrs, x: np.where(x > 0, x, attrs.negative_slope * x), {"compares": 1, "muls": 1},
    kind="activation", attrs=LeakyReluAttrs, check=_at_least_zero("leaky_relu", "negative_slope"),
    x=(lambda grad, attrs, y: np.where(y > 0, grad, attrs.negative_slope * grad), {"compares": 1, "muls": 1}),
    says="x, or negative_slope * x where x is negative.", spelled=Spelled("leaky_relu"),
)  # fmt: skip
ELU = pointwise(
    "elu", lambda attrs, x: np.where(x > 0, x, attrs.alpha * np.expm1(np.minimum(x, 0))), _BENT,
    kind="activation", attrs=EluAttrs, check=_at_least_zero("elu", "alpha"),
    x=(lambda grad, attrs, y: np.where(y > 0, grad, grad * (y + attrs.alpha)), _BENT_SLOPE),
    says="x, or alpha * (exp(x) - 1) where x is negative.", spelled=Spelled(onnx="Elu"),
)  # fmt: skip
SELU = pointwise(
    "selu", lambda x: np.where(x > 0, _SELU_SCALE * x, _SELU_BEND * np.expm1(np.minimum(x, 0))), _BENT,
    kind="activation", x=(lambda grad, y: grad * np.where(y > 0, _SELU_SCALE, y + _SELU_BEND), _BENT_SLOPE),
    says="ELU scaled so that unit variance stays unit variance.", spelled=Spelled("selu"),
)  # fmt: skip
CELU = pointwise(
    "celu", lambda attrs, x: np.where(x > 0, x, attrs.alpha * np.expm1(np.minimum(x, 0) / attrs.alpha)),
    {**_BENT, "muls": 2}, kind="activation", attrs=CeluAttrs, check=_bends,
    x=(lambda grad, attrs, y: np.where(y > 0, grad, grad * (y / attrs.alpha + 1)), {**_BENT_SLOPE, "muls": 2}),
    says="x, or alpha * (exp(x / alpha) - 1) where x is negative.", spelled=Spelled("celu"),
)  # fmt: skip
HARDSIGMOID = pointwise(
    "hardsigmoid", lambda attrs, x: np.clip(attrs.alpha * x + attrs.beta, 0, 1), {"muls": 1, "adds": 1, "compares": 2},
    kind="activation", attrs=HardsigmoidAttrs,
    x=(lambda grad, attrs, y: grad * ((y > 0) & (y < 1)) * attrs.alpha, {"compares": 2, "muls": 1}),
    says="min(max(alpha * x + beta, 0), 1); relu6(x + 3) / 6 unless told otherwise.", spelled=Spelled("hardsigmoid"),
)  # fmt: skip
HARDSWISH = pointwise(
    "hardswish", lambda x: x * np.clip(x / 6 + 0.5, 0, 1), {"muls": 2, "adds": 1, "compares": 2}, kind="activation",
    x=(
        lambda grad, x: grad * np.where(x <= -3, 0, np.where(x < 3, x / 3 + 0.5, 1)),
        {"compares": 2, "adds": 1, "muls": 2},
    ),
    says="x * relu6(x + 3) / 6.", spelled=Spelled("hardswish", "HardSwish"),
)  # fmt: skip
SOFTSHRINK = pointwise(
    "softshrink", lambda attrs, x: x - np.clip(x, -attrs.lambd, attrs.lambd), {"compares": 2, "adds": 1},
    kind="activation", attrs=ShrinkAttrs, check=_at_least_zero("softshrink", "lambd"),
    x=(lambda grad, y: grad * (y != 0), _COMPARED),
    says="x moved by lambd towards zero, and zero within.", spelled=Spelled("softshrink"),
)  # fmt: skip
HARDSHRINK = pointwise(
    "hardshrink", lambda attrs, x: x * (np.abs(x) > attrs.lambd), _TWICE,
    kind="activation", attrs=ShrinkAttrs, check=_at_least_zero("hardshrink", "lambd"),
    x=(lambda grad, attrs, x: grad * (np.abs(x) > attrs.lambd), _TWICE),
    says="x, and zero up to an absolute value of lambd.", spelled=Spelled("hardshrink"),
)  # fmt: skip
THRESHOLD = pointwise(
    "threshold", lambda attrs, x: np.where(x > attrs.threshold, x, np.full((), attrs.value, x.dtype)), _COMPARED,
    kind="activation", attrs=ThresholdAttrs, x=(lambda grad, attrs, x: grad * (x > attrs.threshold), _COMPARED),
    says="x above the threshold, else the value.", spelled=Spelled("threshold"),
)  # fmt: skip


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


def _along_channels(weight: Array, x: Array) -> Array:
    """``weight`` shaped to broadcast against ``x``, whose channels are dimension 1."""
    return weight if weight.size == 1 else weight.reshape(-1, *(1,) * (x.ndim - 2))


PRELU = define(
    name="prelu",
    kind="activation",
    inputs=("x", "weight"),
    shape=prelu_shape,
    cost=per_element(compares=1, muls=1),
    forward=prelu_forward,
    backward=prelu_backward,
    backward_cost=prelu_backward_cost,
    saves=("x", "weight"),
    extent=same_position,
    dims={"weight": "c"},
)
