"""Arithmetic, bounds, choices and types, after promotion as PyTorch does it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.functions.pointwise import arithmetic, blend, bounds, compare, masking
from netweight.sources.torch.lower import RULES, bind, lowers
from netweight.sources.torch.lower.common import Operand, binary, cast, promoted, scaled
from netweight.sources.torch.recorder import Recorder

power = promoted(arithmetic.pow)
bind(promoted(blend.lerp), "lerp")
bind(promoted(blend.addcmul), "addcmul")
bind(promoted(blend.addcdiv, floating=True), "addcdiv")
_SQUARE = 2
plus = promoted(arithmetic.add)
minus = promoted(arithmetic.sub)
ratio = promoted(arithmetic.div, floating=True)
mul = promoted(arithmetic.mul)
bind(mul, "mul", "multiply")


@lowers("pow")
def pow_(rec: Recorder, self: Operand, exponent: Operand) -> Any:
    """``pow.Tensor_Scalar(Tensor self, Scalar exponent) -> Tensor``; a square of complex numbers is one product."""
    if isinstance(self, Tensor) and self.dtype.is_complex and exponent == _SQUARE:
        return rec.op("square", None, self)
    return power(rec, self, exponent)


@lowers("add")
def add(rec: Recorder, self: Tensor, other: Operand, alpha: float = 1) -> Any:
    """``add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor``."""
    return plus(rec, self, times(rec, other, alpha))


@lowers("sub", "subtract")
def sub(rec: Recorder, self: Operand, other: Operand, alpha: float = 1) -> Any:
    """``sub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor``."""
    return minus(rec, self, times(rec, other, alpha))


@lowers("rsub")
def rsub(rec: Recorder, self: Tensor, other: Operand, alpha: float = 1) -> Any:
    """``rsub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor``."""
    return sub(rec, other, times(rec, self, alpha))


def times(rec: Recorder, operand: Operand, alpha: float) -> Any:
    """``alpha`` times an operand; the operand itself for 1."""
    return scaled(rec, operand, alpha) if isinstance(operand, Tensor) else operand * alpha


@lowers("div", "true_divide", "divide")
def div(rec: Recorder, self: Operand, other: Operand, *, rounding_mode: str | None = None) -> Any:
    """``div.Tensor(Tensor self, Tensor other) -> Tensor``."""
    if rounding_mode == "floor":
        return binary(rec, "floor_divide", self, other)
    quotient = ratio(rec, self, other)
    if rounding_mode is None:
        return quotient
    return cast(rec, rec.over("trunc", None, quotient), torch.result_type(self, other))


@lowers("float_power")
def float_power(rec: Recorder, self: Operand, exponent: Operand) -> Any:
    """``float_power.Scalar(Scalar self, Tensor exponent) -> Tensor``."""
    wide = [cast(rec, x, torch.float64) if isinstance(x, Tensor) else float(x) for x in (self, exponent)]
    return arithmetic.pow(rec, *wide)


@lowers("bitwise_not")
def bitwise_not(rec: Recorder, self: Tensor) -> Any:
    """``bitwise_not(Tensor self) -> Tensor``."""
    return rec.op("logical_not" if self.dtype == torch.bool else "bitwise_not", None, self)


def _bitwise(kind: str) -> None:
    @lowers(f"bitwise_{kind}", f"__{kind}__")
    def rule(rec: Recorder, self: Operand, other: Operand) -> Any:
        both_bool = all(v.dtype == torch.bool if isinstance(v, Tensor) else type(v) is bool for v in (self, other))
        return binary(rec, f"{'logical' if both_bool else 'bitwise'}_{kind}", self, other)


for _kind in ("and", "or", "xor"):
    _bitwise(_kind)


@lowers("clamp", "clip")
def clamp(rec: Recorder, self: Tensor, min: Any = None, max: Any = None) -> Any:
    """Numbers are bounds in the type of the tensor; tensors promote it."""
    if isinstance(min, Tensor) or isinstance(max, Tensor):
        x = self if min is None else binary(rec, "maximum", self, min)
        return x if max is None else binary(rec, "minimum", x, max)
    return bounds.clamp(rec, self, *(None if bound is None else float(bound) for bound in (min, max)))


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
    dtype = torch.get_default_dtype()
    if isinstance(self, Tensor) or isinstance(other, Tensor):
        dtype = torch.result_type(self, other)
    chosen = [cast(rec, x, dtype) if isinstance(x, Tensor) else torch.tensor(x, dtype=dtype) for x in (self, other)]
    return compare.where(rec, cast(rec, condition, torch.bool), *chosen)


@lowers("masked_fill.Scalar")
def masked_fill(rec: Recorder, self: Tensor, mask: Tensor, value: Any) -> Any:
    """``masked_fill.Scalar(Tensor self, Tensor mask, Scalar value) -> Tensor``."""
    if isinstance(value, complex) or self.dtype.is_complex:
        return compare.where(rec, cast(rec, mask, torch.bool), torch.tensor(value, dtype=self.dtype), self)
    return masking.masked_fill(rec, self, cast(rec, mask, torch.bool), float(value))


@lowers("masked_fill.Tensor")
def masked_fill_with(rec: Recorder, self: Tensor, mask: Tensor, value: Tensor) -> Any:
    """``masked_fill.Tensor(Tensor self, Tensor mask, Tensor value) -> Tensor``."""
    return compare.where(rec, cast(rec, mask, torch.bool), cast(rec, value, self.dtype), self)


@lowers("to.dtype", "to.dtype_layout", "to.device", "to.other", "_to_copy", "type_as")
def to(rec: Recorder, self: Tensor, *args: Any, dtype: Any = None, memory_format: Any = None, **_others: Any) -> Any:
    """PyTorch's ``to.dtype``.

    to.dtype(Tensor(a) self, ScalarType dtype, bool non_blocking=False, bool copy=False, MemoryFormat?
        memory_format=None) -> Tensor(a)
    """
    wanted = dtype
    for value in args:
        if isinstance(value, torch.dtype):
            wanted = value
        elif isinstance(value, Tensor):
            wanted = value.dtype
    result = self if wanted is None else cast(rec, self, wanted)
    if memory_format in (None, torch.preserve_format):
        return result
    return RULES["contiguous"](rec, result, memory_format=memory_format)


@lowers("positive")
def positive(rec: Recorder, self: Tensor) -> Any:
    """``positive(Tensor(a) self) -> Tensor(a)``."""
    return self


@lowers("round.decimals")
def round_decimals(rec: Recorder, self: Tensor, *, decimals: int) -> Any:
    """``self`` times 10 ** decimals, rounded, and divided by that."""
    if decimals == 0 or not self.dtype.is_floating_point:
        return rec.op("round", None, self)
    there, back = (arithmetic.mul, arithmetic.div) if decimals > 0 else (arithmetic.div, arithmetic.mul)
    factor = 10.0 ** abs(decimals)
    moved = there(rec, self, factor)
    return back(rec, rec.over("round", None, moved), factor)
