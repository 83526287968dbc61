"""A number that counts what is done with it, by the kinds of work that costs have.

Constants are plain floats: what is done among them is folded and free, and so are signs. ``mac`` is a product and the
addition of it; ``where`` takes both of its values, so the dearer branch counts.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

_WORK: list[Counter[str]] = []


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """What numbers do inside is counted in the result, kinds that did not occur left out."""
    _WORK.append(Counter())
    try:
        yield _WORK[-1]
    finally:
        _WORK.pop()


def value(x: Any) -> Any:
    """The number without its counter."""
    return x.value if isinstance(x, Number) else x


def _noted(kind: str, result: Any) -> "Number":
    _WORK[-1][kind] += 1
    return Number(result)


@dataclass(frozen=True, slots=True)
class Number:
    """A number that counts."""

    value: Any

    def __add__(self, other: Any) -> "Number":
        return _noted("adds", self.value + value(other))

    def __radd__(self, other: Any) -> "Number":
        return _noted("adds", other + self.value)

    def __sub__(self, other: Any) -> "Number":
        return _noted("adds", self.value - value(other))

    def __rsub__(self, other: Any) -> "Number":
        return _noted("adds", other - self.value)

    def __mul__(self, other: Any) -> "Number":
        return _noted("muls", self.value * value(other))

    def __rmul__(self, other: Any) -> "Number":
        return _noted("muls", other * self.value)

    def __truediv__(self, other: Any) -> "Number":
        return _noted("divs", self.value / value(other))

    def __rtruediv__(self, other: Any) -> "Number":
        return _noted("divs", other / self.value)

    def __neg__(self) -> "Number":
        return Number(-self.value)


def _function(kind: str, formula: Callable[[float], float]) -> Callable[[Any], Number]:
    return lambda x: _noted(kind, formula(value(x)))


exp, log, tanh = _function("exps", math.exp), _function("logs", math.log), _function("tanhs", math.tanh)
sqrt, absolute = _function("sqrts", math.sqrt), _function("compares", abs)


def maximum(a: Any, b: Any) -> Number:
    """The larger one."""
    return _noted("compares", max(value(a), value(b)))


def minimum(a: Any, b: Any) -> Number:
    """The smaller one."""
    return _noted("compares", min(value(a), value(b)))


def greater(a: Any, b: Any) -> bool:
    """Whether a > b."""
    _noted("compares", 0)
    return bool(value(a) > value(b))


def where(condition: bool, a: Any, b: Any) -> Number:
    """One of two values that have both been computed; a constant becomes a number."""
    return Number(value(a if condition else b))


def mac(total: Any, a: Any, b: Any) -> Number:
    """total + a * b."""
    return _noted("macs", value(total) + value(a) * value(b))


def numbers(array: Any) -> Any:
    """An array of numbers that count; None stays None."""
    if array is None:
        return None
    found = np.empty(array.shape, object)
    for place in np.ndindex(array.shape):
        found[place] = Number(array[place].item())
    return found


def values(array: Any) -> Any:
    """An array of the numbers without their counters."""
    return np.array([value(x) for x in np.ravel(array)]).reshape(np.shape(array))


rsqrt = _function("sqrts", lambda x: 1 / math.sqrt(x))
sign = _function("compares", lambda x: float(np.sign(x)))


def power(base: Any, exponent: Any) -> Number:
    """base ** exponent."""
    return _noted("pows", value(base) ** value(exponent))


def total(terms: list[Any]) -> Any:
    """Sum of all, from 0 on: an addition for each."""
    found: Any = 0.0
    for term in terms:
        found = found + term
    return found


def together(terms: list[Any]) -> Any:
    """Sum of all: an addition for each but the first."""
    found = terms[0]
    for term in terms[1:]:
        found = found + term
    return found


def differs(a: Any, b: Any) -> bool:
    """Whether a != b."""
    _noted("compares", 0)
    return bool(value(a) != value(b))


def both(a: Any, b: Any) -> Number:
    """Whether neither is zero."""
    return _noted("logics", bool(value(a)) and bool(value(b)))


def either(a: Any, b: Any) -> Number:
    """Whether one of two is not zero."""
    return _noted("logics", bool(value(a)) or bool(value(b)))
