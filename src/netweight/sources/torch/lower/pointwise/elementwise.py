"""Arithmetic on each element: two tensors, or a tensor and a number; type promotion as PyTorch does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch import Tensor

from netweight.ops.pointwise.scalar import PowScalarAttrs, ScalarAttrs
from netweight.ops.pointwise.unary import CastAttrs, ClampAttrs
from netweight.sources.torch.dtypes import dtype_name
from netweight.sources.torch.lower import lowers

if TYPE_CHECKING:
    from netweight.sources.torch.recorder import Recorder

Operand: TypeAlias = Any
"""A tensor or a number."""


def cast(rec: Recorder, x: Tensor, dtype: torch.dtype) -> Tensor:
    """``x`` as another element type; itself if it has that type."""
    if x.dtype == dtype:
        return x
    result: Tensor = rec.op("cast", CastAttrs(dtype=dtype_name(dtype)), x, like=x)
    return result


def scaled(rec: Recorder, x: Tensor, factor: float) -> Tensor:
    """``factor * x``; nothing for a factor of one."""
    if factor == 1:
        return x
    result: Tensor = rec.op("mul_scalar", ScalarAttrs(value=float(factor)), x, like=x)
    return result


def binary(rec: Recorder, name: str, a: Operand, b: Operand, *, floating: bool = False) -> Any:
    """An operator of two tensors after promotion; a number becomes part of the operator or a tensor of one element."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        dtype = torch.result_type(a, b)
    else:
        tensor = a if isinstance(a, Tensor) else b
        assert isinstance(tensor, Tensor)
        dtype = torch.result_type(tensor, b if tensor is a else a)
    if floating and not (dtype.is_floating_point or dtype.is_complex):
        dtype = torch.get_default_dtype()
    tensors = [_as_tensor(rec, value, dtype) for value in (a, b)]
    return rec.op(name, None, *tensors, like=tensors)


def _as_tensor(rec: Recorder, value: Operand, dtype: torch.dtype) -> Tensor:
    return cast(rec, value, dtype) if isinstance(value, Tensor) else torch.tensor(value, dtype=dtype)


def with_number(rec: Recorder, name: str, x: Tensor, number: Any, *, floating: bool = False) -> Any:
    """An operator of a tensor and a number, which is part of the operator."""
    dtype = torch.result_type(x, number)
    if floating and not (dtype.is_floating_point or dtype.is_complex):
        dtype = torch.get_default_dtype()
    x = cast(rec, x, dtype)
    attrs = PowScalarAttrs(exponent=float(number)) if name == "pow_scalar" else ScalarAttrs(value=float(number))
    return rec.op(name, attrs, x, like=x)


@lowers("add")
def add(rec: Recorder, self: Tensor, other: Operand, alpha: float = 1) -> Any:
    if isinstance(other, Tensor):
        return binary(rec, "add", self, scaled(rec, other, alpha))
    return with_number(rec, "add_scalar", self, other * alpha)


@lowers("sub", "subtract")
def sub(rec: Recorder, self: Tensor, other: Operand, alpha: float = 1) -> Any:
    if isinstance(other, Tensor):
        return binary(rec, "sub", self, scaled(rec, other, alpha))
    return with_number(rec, "add_scalar", self, -other * alpha)


@lowers("rsub")
def rsub(rec: Recorder, self: Tensor, other: Operand, alpha: float = 1) -> Any:
    if isinstance(other, Tensor):
        return binary(rec, "sub", other, scaled(rec, self, alpha))
    return with_number(rec, "rsub_scalar", scaled(rec, self, alpha), other)


@lowers("mul", "multiply")
def mul(rec: Recorder, self: Tensor, other: Operand) -> Any:
    if isinstance(other, Tensor):
        return binary(rec, "mul", self, other)
    return with_number(rec, "mul_scalar", self, other)


@lowers("div", "true_divide", "divide")
def div(rec: Recorder, self: Tensor, other: Operand, *, rounding_mode: str | None = None) -> Any:
    if rounding_mode is not None:
        return NotImplemented
    if isinstance(other, Tensor):
        return binary(rec, "div", self, other, floating=True)
    return with_number(rec, "div_scalar", self, other, floating=True)


@lowers("pow")
def pow_(rec: Recorder, self: Operand, exponent: Operand) -> Any:
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
        return rec.op(name, None, self, like=self)


for _name in ("exp", "log", "sqrt", "rsqrt", "reciprocal", "sin", "cos", "erf"):
    _one(_name, floating=True)
for _name in ("neg", "square", "floor", "ceil", "sign", "logical_not"):
    _one(_name)
_one("round", "round.default")


@lowers("abs", "absolute")
def abs_(rec: Recorder, self: Tensor) -> Any:
    if self.dtype.is_complex:
        from netweight.sources.torch.lower.pointwise.complex import size_of

        return size_of(rec, self)
    return rec.op("abs", None, self, like=self)


@lowers("clamp", "clip")
def clamp(rec: Recorder, self: Tensor, min: Any = None, max: Any = None) -> Any:
    if isinstance(min, Tensor) or isinstance(max, Tensor):
        x = self if min is None else binary(rec, "maximum", self, min)
        return x if max is None else binary(rec, "minimum", x, max)
    attrs = ClampAttrs(min=None if min is None else float(min), max=None if max is None else float(max))
    return rec.op("clamp", attrs, self, like=self)


@lowers("clamp_min")
def clamp_min(rec: Recorder, self: Tensor, min: Any) -> Any:
    return clamp(rec, self, min=min)


@lowers("clamp_max")
def clamp_max(rec: Recorder, self: Tensor, max: Any) -> Any:
    return clamp(rec, self, max=max)


@lowers("where.self", "where.ScalarOther", "where.ScalarSelf", "where.Scalar")
def where(rec: Recorder, condition: Tensor, self: Operand, other: Operand) -> Any:
    tensors = [value for value in (self, other) if isinstance(value, Tensor)]
    dtype = torch.result_type(self, other) if tensors else torch.get_default_dtype()
    chosen = [_as_tensor(rec, value, dtype) for value in (self, other)]
    return rec.op("where", None, cast(rec, condition, torch.bool), *chosen)


@lowers("to.dtype", "to.dtype_layout", "to.device", "to.other", "_to_copy", "type_as")
def to(rec: Recorder, self: Tensor, *args: Any, dtype: Any = None, copy: bool = False, **_others: Any) -> Any:
    wanted = dtype
    for value in args:
        if isinstance(value, torch.dtype):
            wanted = value
        elif isinstance(value, Tensor):
            wanted = value.dtype
    return self if wanted is None else cast(rec, self, wanted)


@lowers("copy")
def copy(rec: Recorder, self: Tensor, src: Tensor, non_blocking: bool = False) -> Any:
    from netweight.sources.torch.lower.move.layout import expand

    value = cast(rec, src, self.dtype)
    if value.shape != self.shape:
        value = expand(rec, value, self.shape)
    result = torch.empty(self.shape, dtype=self.dtype, device="meta")
    rec.recording.record("copy", None, (value,), (result,))
    return result
