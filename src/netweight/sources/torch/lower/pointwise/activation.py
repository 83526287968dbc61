"""Activation functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from netweight.functions import pointwise as functions
from netweight.ops.pointwise.unary import ClampAttrs
from netweight.sources.torch.lower import bind, lowers
from netweight.sources.torch.lower.common import attrs_of, binary
from netweight.sources.torch.lower.pointwise.elementwise import mul, where

if TYPE_CHECKING:
    from netweight.sources.torch.recorder import Recorder


def _plain(name: str, *aten: str) -> None:
    """An operator that has no settings and the same name in both worlds."""

    @lowers(*(aten or (name,)))
    def rule(rec: Recorder, self: Tensor) -> Any:
        return rec.op(name, None, self)


for _name in ("relu", "relu6", "selu", "silu", "hardswish", "sigmoid", "tanh", "mish"):
    _plain(_name)


@lowers("hardsigmoid")
def hardsigmoid(rec: Recorder, self: Tensor) -> Any:
    """``hardsigmoid(Tensor self) -> Tensor``."""
    return rec.op("hardsigmoid", attrs_of("hardsigmoid"), self)


@lowers("gelu")
def gelu(rec: Recorder, self: Tensor, *, approximate: str = "none") -> Any:
    """``gelu(Tensor self, *, str approximate="none") -> Tensor``."""
    return rec.op("gelu", attrs_of("gelu", approximate=approximate), self)


@lowers("leaky_relu")
def leaky_relu(rec: Recorder, self: Tensor, negative_slope: float = 0.01) -> Any:
    """``leaky_relu(Tensor self, Scalar negative_slope=0.01) -> Tensor``."""
    return rec.op("leaky_relu", attrs_of("leaky_relu", negative_slope=float(negative_slope)), self)


@lowers("prelu")
def prelu(rec: Recorder, self: Tensor, weight: Tensor) -> Any:
    """``prelu(Tensor self, Tensor weight) -> Tensor``."""
    return rec.op("prelu", None, self, weight)


@lowers("elu")
def elu(rec: Recorder, self: Tensor, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> Any:
    """``elu(Tensor self, Scalar alpha=1, Scalar scale=1, Scalar input_scale=1) -> Tensor``."""
    if scale != 1 or input_scale != 1:
        return NotImplemented
    return rec.op("elu", attrs_of("elu", alpha=float(alpha)), self)


@lowers("softplus")
def softplus(rec: Recorder, self: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """``softplus(Tensor self, Scalar beta=1, Scalar threshold=20) -> Tensor``."""
    return rec.op("softplus", attrs_of("softplus", beta=float(beta), threshold=float(threshold)), self)


@lowers("hardtanh")
def hardtanh(rec: Recorder, self: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """``hardtanh(Tensor self, Scalar min_val=-1, Scalar max_val=1) -> Tensor``."""
    if (min_val, max_val) == (0, 6):
        return rec.op("relu6", None, self)
    return rec.op("clamp", ClampAttrs(min=float(min_val), max=float(max_val)), self)


for _function in ("celu", "glu", "hardshrink", "softshrink", "threshold"):
    bind(getattr(functions, _function))
bind(functions.logsigmoid, "log_sigmoid")


@lowers("rrelu", "rrelu_with_noise")
def rrelu(rec: Recorder, self: Tensor, *args: Any, training: bool = False, **_others: Any) -> Any:
    """The slope in the middle of the two bounds; a random one while training has no rule."""
    numbers = [value for value in args if isinstance(value, int | float) and not isinstance(value, bool)]
    if training or any(value is True for value in args):
        return NotImplemented
    lower, upper = [*numbers, 1 / 8, 1 / 3][:2] if len(numbers) != 1 else (numbers[0], 1 / 3)
    return leaky_relu(rec, self, (lower + upper) / 2)


@lowers("_prelu_kernel")
def prelu_kernel(rec: Recorder, self: Tensor, weight: Tensor) -> Any:
    """``_prelu_kernel(Tensor self, Tensor weight) -> Tensor``."""
    scaled = mul(rec, self, weight)
    return where(rec, binary(rec, "gt", self, 0), self, scaled)
