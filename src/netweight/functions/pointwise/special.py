"""Functions of each element that the table does not have: each composed of its operators once, for every source.

Where a library writes one tensor, the pieces are written over one another.
"""

from __future__ import annotations

import math
import sys

from netweight.functions.pointwise.arithmetic import add, div, mul
from netweight.functions.pointwise.compare import eq, gt, lt, where
from netweight.functions.pointwise.masking import masked_fill
from netweight.functions.recorder import Recorder, T
from netweight.ir import is_floating
from netweight.ops.pointwise.scalar import ScalarAttrs
from netweight.ops.pointwise.unary import CastAttrs, ClampAttrs

_LARGEST = {
    "float64": sys.float_info.max, "float32": (2 - 2.0**-23) * 2.0**127, "float16": 65504.0,
    "bfloat16": (2 - 2.0**-7) * 2.0**127,
}  # fmt: skip


def erfc(rec: Recorder, x: T) -> T:
    """1 - erf(x)."""
    y = rec.op("erf", None, x)
    return rec.over("rsub_scalar", ScalarAttrs(value=1.0), y)


def frac(rec: Recorder, x: T) -> T:
    """x less what ``trunc`` gives."""
    y = rec.op("trunc", None, x)
    return rec.over("sub", None, x, y, at=1)


def logit(rec: Recorder, x: T, eps: float | None = None) -> T:
    """log(x / (1 - x)), of x between ``eps`` and 1 - ``eps`` if that is given."""
    if eps is not None:
        x = rec.op("clamp", ClampAttrs(min=float(eps), max=1 - float(eps)), x)
    odds = rec.op("rsub_scalar", ScalarAttrs(value=1.0), x)
    odds = rec.over("div", None, x, odds, at=1)
    return rec.over("log", None, odds)


def hypot(rec: Recorder, x: T, other: T) -> T:
    """sqrt(x² + other²)."""
    y = add(rec, rec.op("square", None, x), rec.op("square", None, other))
    return rec.over("sqrt", None, y)


def xlogy(rec: Recorder, x: T, other: T) -> T:
    """x log(other), zero where x is, even where the logarithm is not finite."""
    return masked_fill(rec, mul(rec, x, rec.op("log", None, other)), eq(rec, x, 0), 0.0)


def xlog1py(rec: Recorder, x: T, other: T) -> T:
    """x log(1 + other), zero where x is, even where the logarithm is not finite."""
    return masked_fill(rec, mul(rec, x, rec.op("log1p", None, other)), eq(rec, x, 0), 0.0)


def entr(rec: Recorder, x: T) -> T:
    """-x log(x), zero at zero, minus infinity below."""
    product = mul(rec, x, rec.op("log", None, x))
    product = rec.over("neg", None, product)
    return masked_fill(rec, masked_fill(rec, product, eq(rec, x, 0), 0.0), lt(rec, x, 0), -math.inf)


def nan_to_num(
    rec: Recorder, x: T, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> T:
    """Numbers in place of NaN (0) and of either infinity (the largest and smallest of the type)."""
    dtype = rec.spec(x).dtype
    if not is_floating(dtype):
        return rec.op("copy", None, x)
    infinity = rec.number(math.inf, x), rec.number(-math.inf, x)
    y = masked_fill(rec, x, rec.op("isnan", None, x), 0.0 if nan is None else float(nan))
    high = _LARGEST[dtype] if posinf is None else float(posinf)
    low = -_LARGEST[dtype] if neginf is None else float(neginf)
    y = masked_fill(rec, y, eq(rec, x, infinity[0]), high)
    return masked_fill(rec, y, eq(rec, x, infinity[1]), low)


def sinc(rec: Recorder, x: T) -> T:
    """sin(pi x) / (pi x), one at zero."""
    turned = mul(rec, x, math.pi)
    return masked_fill(rec, div(rec, rec.op("sin", None, turned), turned), eq(rec, x, 0), 1.0)


def heaviside(rec: Recorder, x: T, values: T) -> T:
    """0 below zero, 1 above it, ``values`` at it."""
    step = rec.op("cast", CastAttrs(dtype=rec.spec(x).dtype), gt(rec, x, 0))
    return where(rec, eq(rec, x, 0), values, step)


def deg2rad(rec: Recorder, x: T) -> T:
    """x * pi / 180."""
    return mul(rec, x, math.pi / 180)


def rad2deg(rec: Recorder, x: T) -> T:
    """x * 180 / pi."""
    return mul(rec, x, 180 / math.pi)


def fmax(rec: Recorder, x: T, other: T) -> T:
    """The larger of both, the other one where one is NaN."""
    return _picked(rec, "maximum", x, other)


def fmin(rec: Recorder, x: T, other: T) -> T:
    """The smaller of both, the other one where one is NaN."""
    return _picked(rec, "minimum", x, other)


def _picked(rec: Recorder, op: str, x: T, other: T) -> T:
    found = rec.op(op, None, x, other)
    if not is_floating(rec.spec(found).dtype):
        return found
    found = where(rec, rec.op("isnan", None, other), x, found)
    return where(rec, rec.op("isnan", None, x), other, found)


def logaddexp2(rec: Recorder, x: T, other: T) -> T:
    """log2(2 ** x + 2 ** other)."""
    y = rec.op("logaddexp", None, mul(rec, x, math.log(2)), mul(rec, other, math.log(2)))
    return rec.over("div_scalar", ScalarAttrs(value=math.log(2)), y)


def ldexp(rec: Recorder, x: T, other: T) -> T:
    """x * 2 ** other."""
    return mul(rec, x, rec.op("exp2", None, other))


def signbit(rec: Recorder, x: T) -> T:
    """x < 0, and whether zero has a sign."""
    if not is_floating(rec.spec(x).dtype):
        return lt(rec, x, 0)
    return lt(rec, rec.op("copysign", None, rec.number(1, x), x), 0)


def isposinf(rec: Recorder, x: T) -> T:
    """It is plus infinity."""
    return eq(rec, x, math.inf)


def isneginf(rec: Recorder, x: T) -> T:
    """It is minus infinity."""
    return eq(rec, x, -math.inf)


def polar(rec: Recorder, abs: T, angle: T) -> T:  # noqa: A002  -- PyTorch's name
    """abs cos(angle) + i abs sin(angle)."""
    return rec.op("complex", None, *(mul(rec, abs, rec.op(name, None, angle)) for name in ("cos", "sin")))
