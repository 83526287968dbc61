"""More functions of each element, of two and of three tensors that broadcast."""

from __future__ import annotations

from netweight.ops.pointwise.blend import AddcAttrs, LerpAttrs
from netweight.sources.build.core import Symbol, call


def log2(x: Symbol, *, inplace: bool = False, name: str = "log2") -> Symbol:
    """Logarithm to base 2."""
    return call("log2", None, x, name=name, inplace=inplace)


def log10(x: Symbol, *, inplace: bool = False, name: str = "log10") -> Symbol:
    """Logarithm to base 10."""
    return call("log10", None, x, name=name, inplace=inplace)


def log1p(x: Symbol, *, inplace: bool = False, name: str = "log1p") -> Symbol:
    """log(1 + x)."""
    return call("log1p", None, x, name=name, inplace=inplace)


def exp2(x: Symbol, *, inplace: bool = False, name: str = "exp2") -> Symbol:
    """2 to the power of x."""
    return call("exp2", None, x, name=name, inplace=inplace)


def expm1(x: Symbol, *, inplace: bool = False, name: str = "expm1") -> Symbol:
    """exp(x) - 1."""
    return call("expm1", None, x, name=name, inplace=inplace)


def tan(x: Symbol, *, inplace: bool = False, name: str = "tan") -> Symbol:
    """Tangent."""
    return call("tan", None, x, name=name, inplace=inplace)


def asin(x: Symbol, *, inplace: bool = False, name: str = "asin") -> Symbol:
    """Inverse sine."""
    return call("asin", None, x, name=name, inplace=inplace)


def acos(x: Symbol, *, inplace: bool = False, name: str = "acos") -> Symbol:
    """Inverse cosine."""
    return call("acos", None, x, name=name, inplace=inplace)


def atan(x: Symbol, *, inplace: bool = False, name: str = "atan") -> Symbol:
    """Inverse tangent."""
    return call("atan", None, x, name=name, inplace=inplace)


def sinh(x: Symbol, *, inplace: bool = False, name: str = "sinh") -> Symbol:
    """Hyperbolic sine."""
    return call("sinh", None, x, name=name, inplace=inplace)


def cosh(x: Symbol, *, inplace: bool = False, name: str = "cosh") -> Symbol:
    """Hyperbolic cosine."""
    return call("cosh", None, x, name=name, inplace=inplace)


def trunc(x: Symbol, *, inplace: bool = False, name: str = "trunc") -> Symbol:
    """x without its fraction."""
    return call("trunc", None, x, name=name, inplace=inplace)


def bitwise_not(x: Symbol, *, inplace: bool = False, name: str = "bitwise_not") -> Symbol:
    """Every bit turned round."""
    return call("bitwise_not", None, x, name=name, inplace=inplace)


def isnan(x: Symbol, *, name: str = "isnan") -> Symbol:
    """It is no number."""
    return call("isnan", None, x, name=name)


def isinf(x: Symbol, *, name: str = "isinf") -> Symbol:
    """It is plus or minus infinity."""
    return call("isinf", None, x, name=name)


def isfinite(x: Symbol, *, name: str = "isfinite") -> Symbol:
    """It is a number, and finite."""
    return call("isfinite", None, x, name=name)


def floor_divide(x: Symbol, other: Symbol, *, inplace: bool = False, name: str = "floor_divide") -> Symbol:
    """floor(x / other)."""
    return call("floor_divide", None, x, other, name=name, inplace=inplace)


def remainder(x: Symbol, other: Symbol, *, inplace: bool = False, name: str = "remainder") -> Symbol:
    """x less whole multiples of other; the sign is that of ``other``."""
    return call("remainder", None, x, other, name=name, inplace=inplace)


def fmod(x: Symbol, other: Symbol, *, inplace: bool = False, name: str = "fmod") -> Symbol:
    """x less whole multiples of other; the sign is that of ``x``."""
    return call("fmod", None, x, other, name=name, inplace=inplace)


def atan2(x: Symbol, other: Symbol, *, inplace: bool = False, name: str = "atan2") -> Symbol:
    """Angle of the point (other, x)."""
    return call("atan2", None, x, other, name=name, inplace=inplace)


def logaddexp(x: Symbol, other: Symbol, *, inplace: bool = False, name: str = "logaddexp") -> Symbol:
    """log(exp(x) + exp(other))."""
    return call("logaddexp", None, x, other, name=name, inplace=inplace)


def bitwise_and(x: Symbol, other: Symbol, *, inplace: bool = False, name: str = "bitwise_and") -> Symbol:
    """Bits that both have."""
    return call("bitwise_and", None, x, other, name=name, inplace=inplace)


def bitwise_or(x: Symbol, other: Symbol, *, inplace: bool = False, name: str = "bitwise_or") -> Symbol:
    """Bits that one or both have."""
    return call("bitwise_or", None, x, other, name=name, inplace=inplace)


def bitwise_xor(x: Symbol, other: Symbol, *, inplace: bool = False, name: str = "bitwise_xor") -> Symbol:
    """Bits that just one has."""
    return call("bitwise_xor", None, x, other, name=name, inplace=inplace)


def bitwise_left_shift(x: Symbol, other: Symbol, *, inplace: bool = False, name: str = "bitwise_left_shift") -> Symbol:
    """x times 2 ** other."""
    return call("bitwise_left_shift", None, x, other, name=name, inplace=inplace)


def bitwise_right_shift(
    x: Symbol, other: Symbol, *, inplace: bool = False, name: str = "bitwise_right_shift"
) -> Symbol:
    """x over 2 ** other, rounded down."""
    return call("bitwise_right_shift", None, x, other, name=name, inplace=inplace)


def lerp(x: Symbol, end: Symbol, weight: Symbol | float, *, inplace: bool = False, name: str = "lerp") -> Symbol:
    """x + weight * (end - x)."""
    if isinstance(weight, Symbol):
        return call("lerp", LerpAttrs(), x, end, weight, name=name, inplace=inplace)
    return call("lerp", LerpAttrs(weight=weight), x, end, None, name=name, inplace=inplace)


def addcmul(
    x: Symbol, tensor1: Symbol, tensor2: Symbol, *, value: float = 1, inplace: bool = False, name: str = "addcmul"
) -> Symbol:
    """x + value * tensor1 * tensor2."""
    return call("addcmul", AddcAttrs(value=value), x, tensor1, tensor2, name=name, inplace=inplace)


def addcdiv(
    x: Symbol, tensor1: Symbol, tensor2: Symbol, *, value: float = 1, inplace: bool = False, name: str = "addcdiv"
) -> Symbol:
    """x + value * tensor1 / tensor2."""
    return call("addcdiv", AddcAttrs(value=value), x, tensor1, tensor2, name=name, inplace=inplace)
