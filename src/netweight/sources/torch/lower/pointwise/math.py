"""Functions of each element beyond plain arithmetic; those that the table lacks are made of its operators.

Where PyTorch writes one tensor, the pieces are recorded as one memory that is written several times.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from netweight.ops.pointwise.scalar import ScalarAttrs
from netweight.ops.pointwise.unary import ClampAttrs
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.common import Operand, binary, cast, floating, over, over_number
from netweight.sources.torch.lower.pointwise.elementwise import add, div, mul, pow_, sub, where

if TYPE_CHECKING:
    from netweight.sources.torch.recorder import Recorder


def _one(ours: str, *theirs: str, promotes: bool = False) -> None:
    @lowers(*(theirs or (ours,)))
    def rule(rec: Recorder, self: Tensor) -> Any:
        return rec.op(ours, None, floating(rec, self) if promotes else self)


for _ours, _theirs in {
    "acos": ("acos", "arccos"), "asin": ("asin", "arcsin"), "atan": ("atan", "arctan"), "cosh": ("cosh",),
    "exp2": ("exp2", "special_exp2"), "expm1": ("expm1", "special_expm1"), "log10": ("log10",),
    "log1p": ("log1p", "special_log1p"), "log2": ("log2",), "sinh": ("sinh",), "tan": ("tan",),
}.items():  # fmt: skip
    _one(_ours, *_theirs, promotes=True)
for _ours, _theirs in {
    "trunc": ("trunc", "fix"), "isnan": ("isnan",), "isinf": ("isinf",), "isfinite": ("isfinite",), "sign": ("sgn",),
}.items():  # fmt: skip
    _one(_ours, *_theirs)


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


def _two(name: str, *theirs: str, promotes: bool = False) -> None:
    @lowers(*theirs)
    def rule(rec: Recorder, self: Operand, other: Operand) -> Any:
        return binary(rec, name, self, other, floating=promotes)


for _name, _aliases in {
    "bitwise_left_shift": ("bitwise_left_shift", "__lshift__"), "floor_divide": ("floor_divide",),
    "bitwise_right_shift": ("bitwise_right_shift", "__rshift__"), "fmod": ("fmod",), "remainder": ("remainder",),
}.items():  # fmt: skip
    _two(_name, *_aliases)
_two("atan2", "atan2", "arctan2", promotes=True)
_two("logaddexp", "logaddexp", promotes=True)


@lowers("div.Tensor_mode", "div.Scalar_mode", "divide.Tensor_mode", "divide.Scalar_mode")
def div_mode(rec: Recorder, self: Operand, other: Operand, *, rounding_mode: str | None) -> Any:
    """``div.Tensor_mode(Tensor self, Tensor other, *, str? rounding_mode) -> Tensor``."""
    if rounding_mode is None:
        return div(rec, self, other)
    if rounding_mode == "floor":
        return binary(rec, "floor_divide", self, other)
    dtype = torch.result_type(self, other)
    quotient = div(rec, self, other)
    return cast(rec, over(rec, quotient, "trunc"), dtype)


@lowers("addcmul")
def addcmul(rec: Recorder, self: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Any:
    """``addcmul(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1) -> Tensor``."""
    return _added(rec, self, mul(rec, tensor1, tensor2), value)


@lowers("addcdiv")
def addcdiv(rec: Recorder, self: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Any:
    """``addcdiv(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1) -> Tensor``."""
    return _added(rec, self, div(rec, tensor1, tensor2), value)


def _added(rec: Recorder, x: Tensor, term: Tensor, factor: float) -> Any:
    if factor != 1:
        term = over_number(rec, term, "mul_scalar", factor)
    return _sum_over(rec, x, term)


def _sum_over(rec: Recorder, x: Tensor, term: Tensor) -> Any:
    """``x + term``, written over ``term`` where it has the shape of the sum."""
    if torch.broadcast_shapes(x.shape, term.shape) == term.shape and torch.result_type(x, term) == term.dtype:
        return over(rec, term, "add", cast(rec, x, term.dtype), last=True)
    return add(rec, x, term)


@lowers("lerp")
def lerp(rec: Recorder, self: Tensor, end: Tensor, weight: Operand) -> Any:
    """``lerp.Tensor(Tensor self, Tensor end, Tensor weight) -> Tensor``."""
    gap = sub(rec, end, self)
    gap = mul(rec, gap, weight) if isinstance(weight, Tensor) else over_number(rec, gap, "mul_scalar", weight)
    return _sum_over(rec, self, gap)


@lowers("frac")
def frac(rec: Recorder, self: Tensor) -> Any:
    """``frac(Tensor self) -> Tensor``."""
    return over(rec, rec.op("trunc", None, self), "sub", self, last=True)


@lowers("erfc", "special_erfc")
def erfc(rec: Recorder, self: Tensor) -> Any:
    """``erfc(Tensor self) -> Tensor``."""
    return over_number(rec, rec.op("erf", None, floating(rec, self)), "rsub_scalar", 1)


@lowers("logit", "special_logit")
def logit(rec: Recorder, self: Tensor, eps: float | None = None) -> Any:
    """``logit(Tensor self, float? eps=None) -> Tensor``."""
    x = floating(rec, self)
    if eps is not None:
        x = rec.op("clamp", ClampAttrs(min=float(eps), max=1 - float(eps)), x)
    odds = rec.op("rsub_scalar", ScalarAttrs(value=1.0), x)
    return over(rec, over(rec, odds, "div", x, last=True), "log")


@lowers("hypot")
def hypot(rec: Recorder, self: Tensor, other: Tensor) -> Any:
    """``hypot(Tensor self, Tensor other) -> Tensor``."""
    squares = (rec.op("square", None, self), rec.op("square", None, other))
    return over(rec, add(rec, *squares), "sqrt")


@lowers("xlogy", "special_xlogy")
def xlogy(rec: Recorder, self: Operand, other: Operand) -> Any:
    """Zero where ``self`` is, even where the logarithm is not finite."""
    if not (isinstance(self, Tensor) and isinstance(other, Tensor)):
        return NotImplemented
    product = mul(rec, self, rec.op("log", None, floating(rec, other)))
    return where(rec, binary(rec, "eq", self, 0), torch.zeros((), dtype=product.dtype), product)


@lowers("nan_to_num")
def nan_to_num(
    rec: Recorder, self: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Any:
    """``nan_to_num(Tensor self, float? nan=None, float? posinf=None, float? neginf=None) -> Tensor``."""
    if not self.dtype.is_floating_point:
        return rec.op("copy", None, self)
    limits = torch.finfo(self.dtype)
    x = where(rec, rec.op("isnan", None, self), 0.0 if nan is None else nan, self)
    high = limits.max if posinf is None else posinf
    low = limits.min if neginf is None else neginf
    x = where(rec, binary(rec, "eq", x, math.inf), high, x)
    return where(rec, binary(rec, "eq", x, -math.inf), low, x)


@lowers("float_power")
def float_power(rec: Recorder, self: Operand, exponent: Operand) -> Any:
    """``float_power.Scalar(Scalar self, Tensor exponent) -> Tensor``."""
    wide = [
        cast(rec, value, torch.float64) if isinstance(value, Tensor) else float(value) for value in (self, exponent)
    ]
    return pow_(rec, *wide)


@lowers("positive")
def positive(rec: Recorder, self: Tensor) -> Any:
    """``positive(Tensor(a) self) -> Tensor(a)``."""
    return self


@lowers("to.dtype", "to.dtype_layout", "to.device", "to.other", "_to_copy", "type_as")
def to(rec: Recorder, self: Tensor, *args: Any, dtype: Any = None, copy: bool = False, **_others: Any) -> Any:
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
    return self if wanted is None else cast(rec, self, wanted)
