"""Arithmetic on each element: two tensors, or a tensor and a number; type promotion as PyTorch does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from netweight.ops.pointwise.unary import ClampAttrs
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.common import Operand, as_tensor, binary, cast, scaled, with_number

if TYPE_CHECKING:
    from netweight.sources.torch.recorder import Recorder


@lowers("add")
def add(rec: Recorder, self: Tensor, other: Operand, alpha: float = 1) -> Any:
    """``add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor``."""
    if isinstance(other, Tensor):
        return binary(rec, "add", self, scaled(rec, other, alpha))
    return with_number(rec, "add_scalar", self, other * alpha)


@lowers("sub", "subtract")
def sub(rec: Recorder, self: Tensor, other: Operand, alpha: float = 1) -> Any:
    """``sub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor``."""
    if isinstance(other, Tensor):
        return binary(rec, "sub", self, scaled(rec, other, alpha))
    return with_number(rec, "add_scalar", self, -other * alpha)


@lowers("rsub")
def rsub(rec: Recorder, self: Tensor, other: Operand, alpha: float = 1) -> Any:
    """``rsub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor``."""
    if isinstance(other, Tensor):
        return binary(rec, "sub", other, scaled(rec, self, alpha))
    return with_number(rec, "rsub_scalar", scaled(rec, self, alpha), other)


@lowers("mul", "multiply")
def mul(rec: Recorder, self: Tensor, other: Operand) -> Any:
    """``mul.Tensor(Tensor self, Tensor other) -> Tensor``."""
    if isinstance(other, Tensor):
        return binary(rec, "mul", self, other)
    return with_number(rec, "mul_scalar", self, other)


@lowers("div", "true_divide", "divide")
def div(rec: Recorder, self: Tensor, other: Operand, *, rounding_mode: str | None = None) -> Any:
    """``div.Tensor(Tensor self, Tensor other) -> Tensor``."""
    if rounding_mode is not None:
        return NotImplemented
    if isinstance(other, Tensor):
        return binary(rec, "div", self, other, floating=True)
    return with_number(rec, "div_scalar", self, other, floating=True)


@lowers("pow")
def pow_(rec: Recorder, self: Operand, exponent: Operand) -> Any:
    """``pow.Scalar(Scalar self, Tensor exponent) -> Tensor``."""
    if isinstance(self, Tensor) and not isinstance(exponent, Tensor):
        return with_number(rec, "pow_scalar", self, exponent)
    return binary(rec, "pow", self, exponent)


def _two(name: str, *aten: str) -> None:
    @lowers(*aten)
    def rule(rec: Recorder, self: Operand, other: Operand) -> Any:
        return binary(rec, name, self, other)


for _ours, _theirs in {
    "maximum": ("maximum", "max.other"), "minimum": ("minimum", "min.other"), "eq": ("eq",), "ne": ("ne", "not_equal"),
    "lt": ("lt", "less"), "le": ("le", "less_equal"), "gt": ("gt", "greater"), "ge": ("ge", "greater_equal"),
    "logical_and": ("logical_and",), "logical_or": ("logical_or",), "logical_xor": ("logical_xor",),
}.items():  # fmt: skip
    _two(_ours, *_theirs)


def _one(name: str, *aten: str, floating: bool = False) -> None:
    @lowers(*(aten or (name,)))
    def rule(rec: Recorder, self: Tensor) -> Any:
        if floating and not (self.dtype.is_floating_point or self.dtype.is_complex):
            self = cast(rec, self, torch.get_default_dtype())
        return rec.op(name, None, self)


for _name in ("exp", "log", "sqrt", "rsqrt", "reciprocal", "sin", "cos", "erf"):
    _one(_name, floating=True)
for _name in ("neg", "square", "floor", "ceil", "sign", "logical_not"):
    _one(_name)
_one("round", "round.default")


@lowers("clamp", "clip")
def clamp(rec: Recorder, self: Tensor, min: Any = None, max: Any = None) -> Any:
    """``clamp(Tensor self, Scalar? min=None, Scalar? max=None) -> Tensor``."""
    if isinstance(min, Tensor) or isinstance(max, Tensor):
        x = self if min is None else binary(rec, "maximum", self, min)
        return x if max is None else binary(rec, "minimum", x, max)
    attrs = ClampAttrs(min=None if min is None else float(min), max=None if max is None else float(max))
    return rec.op("clamp", attrs, self)


@lowers("clamp_min")
def clamp_min(rec: Recorder, self: Tensor, min: Any) -> Any:
    """``clamp_min(Tensor self, Scalar min) -> Tensor``."""
    return clamp(rec, self, min=min)


@lowers("clamp_max")
def clamp_max(rec: Recorder, self: Tensor, max: Any) -> Any:
    """``clamp_max(Tensor self, Scalar max) -> Tensor``."""
    return clamp(rec, self, max=max)


@lowers("where.self", "where.ScalarOther", "where.ScalarSelf", "where.Scalar")
def where(rec: Recorder, condition: Tensor, self: Operand, other: Operand) -> Any:
    """``where.self(Tensor condition, Tensor self, Tensor other) -> Tensor``."""
    tensors = [value for value in (self, other) if isinstance(value, Tensor)]
    dtype = torch.result_type(self, other) if tensors else torch.get_default_dtype()
    chosen = [as_tensor(rec, value, dtype) for value in (self, other)]
    return rec.op("where", None, cast(rec, condition, torch.bool), *chosen)
