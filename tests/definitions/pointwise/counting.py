"""Numbers that count what is done with them, by kind of work.

Constants are plain numbers: what is done among them is folded. Signs are free, and so is a choice once its condition is
known.
"""

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

WORK: Counter[str] = Counter()


class Number:
    """A number whose arithmetic is counted in ``WORK``."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __add__(self, other: Any) -> "Number":
        return counted("adds", lambda a, b: a + b, self, other)

    def __sub__(self, other: Any) -> "Number":
        return counted("adds", lambda a, b: a - b, self, other)

    def __mul__(self, other: Any) -> "Number":
        return counted("muls", lambda a, b: a * b, self, other)

    def __truediv__(self, other: Any) -> "Number":
        return counted("divs", lambda a, b: a / b, self, other)

    def __radd__(self, other: float) -> "Number":
        return counted("adds", lambda a, b: a + b, other, self)

    def __rsub__(self, other: float) -> "Number":
        return counted("adds", lambda a, b: a - b, other, self)

    def __rmul__(self, other: float) -> "Number":
        return counted("muls", lambda a, b: a * b, other, self)

    def __rtruediv__(self, other: float) -> "Number":
        return counted("divs", lambda a, b: a / b, other, self)

    def __neg__(self) -> "Number":
        return Number(-self.value)


def plain(x: Any) -> Any:
    """The value of a number, counted or not."""
    return x.value if isinstance(x, Number) else x


def counted(kind: str, function: Callable[..., Any], *xs: Any) -> Number:
    """A function of numbers that is one operation of a kind."""
    WORK[kind] += 1
    return Number(function(*map(plain, xs)))


def of(kind: str, function: Callable[..., Any]) -> Callable[..., Number]:
    """A function that is one operation of a kind."""
    return lambda *xs: counted(kind, function, *xs)


def above(x: Any, bound: Any) -> bool:
    """Whether it is larger, which is a comparison."""
    return bool(counted("compares", lambda a, b: a > b, x, bound).value)


exp, log, sqrt = of("exps", math.exp), of("logs", math.log), of("sqrts", math.sqrt)
exp2, log2, log10 = of("exps", lambda x: 2.0**x), of("logs", math.log2), of("logs", math.log10)
rsqrt, power, tanh, erf = (
    of("sqrts", lambda x: x**-0.5),
    of("pows", math.pow),
    of("tanhs", math.tanh),
    of("erfs", math.erf),
)
sin, cos, tan = of("trigs", math.sin), of("trigs", math.cos), of("trigs", math.tan)
asin, acos, atan, angle = (
    of("trigs", math.asin),
    of("trigs", math.acos),
    of("trigs", math.atan),
    of("trigs", math.atan2),
)
most, least, size = of("compares", max), of("compares", min), of("compares", abs)
floor, ceil, cut = of("compares", math.floor), of("compares", math.ceil), of("compares", math.trunc)
nearest, sign = of("compares", round), of("compares", lambda x: (x > 0) - (x < 0))
signed = of("compares", math.copysign)


def sigmoid(x: Any) -> Number:
    """1 / (1 + exp(-x))."""
    return 1 / (1 + exp(-x))


def sinh(x: Any) -> Number:
    """(exp(x) - 1 / exp(x)) / 2."""
    grown = exp(x)
    return (grown - 1 / grown) * 0.5


def cosh(x: Any) -> Number:
    """(exp(x) + 1 / exp(x)) / 2."""
    grown = exp(x)
    return (grown + 1 / grown) * 0.5


def times(factor: float, x: Any) -> Any:
    """A product with a number that is often one, and then none."""
    return x if factor == 1 else factor * x


def within(x: Any, low: float | None, high: float | None) -> bool:
    """Whether it lies between the bounds, each of which is a comparison."""
    over = low is None or not above(low, x)
    return over and (high is None or not above(x, high))
