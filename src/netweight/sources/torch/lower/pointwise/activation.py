"""Activation functions whose arguments PyTorch has in another way than the table."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from netweight.functions.plain import function_of
from netweight.functions.pointwise import bounds, compare, gate
from netweight.sources.torch.lower import bind, lowers
from netweight.sources.torch.lower.pointwise.elementwise import mul
from netweight.sources.torch.recorder import Recorder

bind(gate.glu)
bind(bounds.hardtanh)
bind(gate.logsigmoid, "log_sigmoid")


@lowers("prelu")
def prelu(rec: Recorder, self: Tensor, weight: Tensor) -> Any:
    """``prelu(Tensor self, Tensor weight) -> Tensor``."""
    return rec.op("prelu", None, self, weight)


@lowers("_prelu_kernel")
def prelu_kernel(rec: Recorder, self: Tensor, weight: Tensor) -> Any:
    """``_prelu_kernel(Tensor self, Tensor weight) -> Tensor``."""
    return compare.where(rec, compare.gt(rec, self, 0), self, mul(rec, self, weight))


@lowers("elu")
def elu(rec: Recorder, self: Tensor, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> Any:
    """``elu(Tensor self, Scalar alpha=1, Scalar scale=1, Scalar input_scale=1) -> Tensor``."""
    if scale != 1 or input_scale != 1:
        return NotImplemented
    return function_of("elu")(rec, self, alpha)


@lowers("rrelu", "rrelu_with_noise")
def rrelu(rec: Recorder, self: Tensor, *args: Any, training: bool = False, **_others: Any) -> Any:
    """The slope in the middle of the two bounds; a random one while training has no rule."""
    numbers = [value for value in args if isinstance(value, int | float) and not isinstance(value, bool)]
    if training or any(value is True for value in args):
        return NotImplemented
    lower, upper = [*numbers, 1 / 8, 1 / 3][:2] if len(numbers) != 1 else (numbers[0], 1 / 3)
    return function_of("leaky_relu")(rec, self, (lower + upper) / 2)
