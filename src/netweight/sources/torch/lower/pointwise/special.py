"""More functions of each element."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from netweight.ops.pointwise.scalar import ScalarAttrs
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.common import Operand, binary, cast, floating, over, over_number
from netweight.sources.torch.lower.pointwise.elementwise import div, mul, where
from netweight.sources.torch.lower.pointwise.math import _one

if TYPE_CHECKING:
    from netweight.sources.torch.recorder import Recorder

for _ours, _theirs in {
    "acosh": ("acosh", "arccosh"), "asinh": ("asinh", "arcsinh"), "atanh": ("atanh", "arctanh"),
}.items():  # fmt: skip
    _one(_ours, *_theirs, promotes=True)


@lowers("copysign")
def copysign(rec: Recorder, self: Operand, other: Operand) -> Any:
    """``copysign.Tensor(Tensor self, Tensor other) -> Tensor``."""
    return binary(rec, "copysign", self, other, floating=True)


@lowers("signbit")
def signbit(rec: Recorder, self: Tensor) -> Any:
    """``signbit(Tensor self) -> Tensor``."""
    if not self.dtype.is_floating_point:
        return binary(rec, "lt", self, 0)
    return binary(rec, "lt", binary(rec, "copysign", torch.ones((), dtype=self.dtype), self), 0)


@lowers("isposinf")
def isposinf(rec: Recorder, self: Tensor) -> Any:
    """``isposinf(Tensor self) -> Tensor``."""
    return binary(rec, "eq", self, math.inf)


@lowers("isneginf")
def isneginf(rec: Recorder, self: Tensor) -> Any:
    """``isneginf(Tensor self) -> Tensor``."""
    return binary(rec, "eq", self, -math.inf)


@lowers("heaviside")
def heaviside(rec: Recorder, self: Tensor, values: Tensor) -> Any:
    """0 below zero, 1 above, ``values`` at it."""
    step = cast(rec, binary(rec, "gt", self, 0), self.dtype)
    return where(rec, binary(rec, "eq", self, 0), values, step)


def _scaling(name: str, factor: float) -> None:
    @lowers(name)
    def rule(rec: Recorder, self: Tensor) -> Any:
        x = floating(rec, self)
        return rec.op("mul_scalar", ScalarAttrs(value=factor), x)


_scaling("deg2rad", math.pi / 180)
_scaling("rad2deg", 180 / math.pi)


def _extreme(name: str, picks: str) -> None:
    """The other one where one is NaN."""

    @lowers(name)
    def rule(rec: Recorder, self: Tensor, other: Tensor) -> Any:
        found = binary(rec, picks, self, other)
        if not found.dtype.is_floating_point:
            return found
        found = where(rec, rec.op("isnan", None, other), self, found)
        return where(rec, rec.op("isnan", None, self), other, found)


_extreme("fmax", "maximum")
_extreme("fmin", "minimum")


@lowers("logaddexp2")
def logaddexp2(rec: Recorder, self: Tensor, other: Tensor) -> Any:
    """``logaddexp`` to base 2."""
    scaled = [rec.op("mul_scalar", ScalarAttrs(value=math.log(2)), x) for x in (self, other)]
    return over_number(rec, binary(rec, "logaddexp", *scaled, floating=True), "div_scalar", math.log(2))


@lowers("ldexp.Tensor", "ldexp.default")
def ldexp(rec: Recorder, self: Tensor, other: Tensor) -> Any:
    """``ldexp.Tensor(Tensor self, Tensor other) -> Tensor``."""
    return mul(rec, self, rec.op("exp2", None, floating(rec, other)))


@lowers("sinc", "special_sinc")
def sinc(rec: Recorder, self: Tensor) -> Any:
    """sin(pi x) / (pi x), 1 at zero."""
    x = floating(rec, self)
    turned = rec.op("mul_scalar", ScalarAttrs(value=math.pi), x)
    ratio = div(rec, rec.op("sin", None, turned), turned)
    return where(rec, binary(rec, "eq", x, 0), torch.ones((), dtype=x.dtype), ratio)


@lowers("special_entr")
def entr(rec: Recorder, self: Tensor) -> Any:
    """-x log x, 0 at zero, minus infinity below."""
    x = floating(rec, self)
    product = over(rec, mul(rec, x, rec.op("log", None, x)), "neg")
    inside = where(rec, binary(rec, "eq", x, 0), torch.zeros((), dtype=x.dtype), product)
    return where(rec, binary(rec, "lt", x, 0), torch.tensor(-math.inf, dtype=x.dtype), inside)


@lowers("special_xlog1py")
def xlog1py(rec: Recorder, self: Operand, other: Operand) -> Any:
    """x log(1 + y), zero where x is."""
    if not (isinstance(self, Tensor) and isinstance(other, Tensor)):
        return NotImplemented
    product = mul(rec, self, rec.op("log1p", None, floating(rec, other)))
    return where(rec, binary(rec, "eq", self, 0), torch.zeros((), dtype=product.dtype), product)


@lowers("round.decimals")
def round_decimals(rec: Recorder, self: Tensor, *, decimals: int) -> Any:
    """Moved, rounded and moved back."""
    if decimals == 0 or not self.dtype.is_floating_point:
        return rec.op("round", None, self)
    there, back = ("mul_scalar", "div_scalar") if decimals > 0 else ("div_scalar", "mul_scalar")
    factor = ScalarAttrs(value=10.0 ** abs(decimals))
    moved = rec.op(there, factor, self)
    return over(rec, over(rec, moved, "round"), back, attrs=factor)
