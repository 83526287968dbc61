"""Arithmetic: the functions, and behind them the operators + - * / ** of symbols.

Where the second argument is a number, no constant tensor is made: the number is an attribute of the operator.
"""

from __future__ import annotations

from netweight.ops.pointwise.scalar import PowScalarAttrs, ScalarAttrs
from netweight.ops.pointwise.unary import ClampAttrs
from netweight.sources.build.core import Symbol, call


def add(x: Symbol, other: Symbol | float, *, inplace: bool = False, name: str = "add") -> Symbol:
    """x + other."""
    return _arithmetic("add", x, other, inplace=inplace, name=name)


def sub(x: Symbol, other: Symbol | float, *, inplace: bool = False, name: str = "sub") -> Symbol:
    """x - other."""
    if not isinstance(other, Symbol):
        return add(x, -other, inplace=inplace, name=name)
    return call("sub", None, x, other, name=name, inplace=inplace)


def mul(x: Symbol, other: Symbol | float, *, inplace: bool = False, name: str = "mul") -> Symbol:
    """x * other."""
    return _arithmetic("mul", x, other, inplace=inplace, name=name)


def div(x: Symbol, other: Symbol | float, *, inplace: bool = False, name: str = "div") -> Symbol:
    """x / other."""
    return _arithmetic("div", x, other, inplace=inplace, name=name)


def rsub(x: Symbol, other: float, *, inplace: bool = False, name: str = "sub") -> Symbol:
    """other - x."""
    return call("rsub_scalar", ScalarAttrs(value=other), x, name=name, inplace=inplace)


def rdiv(x: Symbol, other: float, *, inplace: bool = False, name: str = "div") -> Symbol:
    """other / x."""
    return call("rdiv_scalar", ScalarAttrs(value=other), x, name=name, inplace=inplace)


def pow(  # noqa: A001  -- PyTorch's name
    x: Symbol, exponent: Symbol | float, *, inplace: bool = False, name: str = "pow"
) -> Symbol:
    """x ** exponent."""
    if isinstance(exponent, Symbol):
        return call("pow", None, x, exponent, name=name, inplace=inplace)
    return call("pow_scalar", PowScalarAttrs(exponent=exponent), x, name=name, inplace=inplace)


def maximum(x: Symbol, other: Symbol, *, inplace: bool = False, name: str = "maximum") -> Symbol:
    """The larger of both, element by element; against a number, use ``clamp``."""
    return call("maximum", None, x, other, name=name, inplace=inplace)


def minimum(x: Symbol, other: Symbol, *, inplace: bool = False, name: str = "minimum") -> Symbol:
    """The smaller of both, element by element; against a number, use ``clamp``."""
    return call("minimum", None, x, other, name=name, inplace=inplace)


def neg(x: Symbol, *, inplace: bool = False, name: str = "neg") -> Symbol:
    """-x."""
    return call("neg", None, x, name=name, inplace=inplace)


def abs(x: Symbol, *, inplace: bool = False, name: str = "abs") -> Symbol:  # noqa: A001  -- PyTorch's name
    """Absolute value."""
    return call("abs", None, x, name=name, inplace=inplace)


def exp(x: Symbol, *, inplace: bool = False, name: str = "exp") -> Symbol:
    """e to the power of x."""
    return call("exp", None, x, name=name, inplace=inplace)


def log(x: Symbol, *, inplace: bool = False, name: str = "log") -> Symbol:
    """Natural logarithm."""
    return call("log", None, x, name=name, inplace=inplace)


def sqrt(x: Symbol, *, inplace: bool = False, name: str = "sqrt") -> Symbol:
    """Square root."""
    return call("sqrt", None, x, name=name, inplace=inplace)


def rsqrt(x: Symbol, *, inplace: bool = False, name: str = "rsqrt") -> Symbol:
    """1 / sqrt(x)."""
    return call("rsqrt", None, x, name=name, inplace=inplace)


def square(x: Symbol, *, inplace: bool = False, name: str = "square") -> Symbol:
    """x * x."""
    return call("square", None, x, name=name, inplace=inplace)


def reciprocal(x: Symbol, *, inplace: bool = False, name: str = "reciprocal") -> Symbol:
    """1 / x."""
    return call("reciprocal", None, x, name=name, inplace=inplace)


def sin(x: Symbol, *, inplace: bool = False, name: str = "sin") -> Symbol:
    """Sine."""
    return call("sin", None, x, name=name, inplace=inplace)


def cos(x: Symbol, *, inplace: bool = False, name: str = "cos") -> Symbol:
    """Cosine."""
    return call("cos", None, x, name=name, inplace=inplace)


def erf(x: Symbol, *, inplace: bool = False, name: str = "erf") -> Symbol:
    """Error function."""
    return call("erf", None, x, name=name, inplace=inplace)


def floor(x: Symbol, *, inplace: bool = False, name: str = "floor") -> Symbol:
    """Largest whole number that is not above x."""
    return call("floor", None, x, name=name, inplace=inplace)


def ceil(x: Symbol, *, inplace: bool = False, name: str = "ceil") -> Symbol:
    """Smallest whole number that is not below x."""
    return call("ceil", None, x, name=name, inplace=inplace)


def round(x: Symbol, *, inplace: bool = False, name: str = "round") -> Symbol:  # noqa: A001  -- PyTorch's name
    """Nearest whole number, halves to the even one."""
    return call("round", None, x, name=name, inplace=inplace)


def sign(x: Symbol, *, inplace: bool = False, name: str = "sign") -> Symbol:
    """-1, 0 or 1."""
    return call("sign", None, x, name=name, inplace=inplace)


def clamp(
    x: Symbol,
    min: float | None = None,  # noqa: A002  -- PyTorch's name
    max: float | None = None,  # noqa: A002  -- PyTorch's name
    *,
    inplace: bool = False,
    name: str = "clamp",
) -> Symbol:
    """No less than ``min``, no more than ``max``."""
    return call("clamp", ClampAttrs(min=min, max=max), x, name=name, inplace=inplace)


def _arithmetic(op: str, x: Symbol, other: Symbol | float, *, inplace: bool, name: str) -> Symbol:
    if isinstance(other, Symbol):
        return call(op, None, x, other, name=name, inplace=inplace)
    return call(f"{op}_scalar", ScalarAttrs(value=other), x, name=name, inplace=inplace)
