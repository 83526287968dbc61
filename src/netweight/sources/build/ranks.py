"""Elements by rank and frequency, running extremes, complex and random numbers, writing by position with a reduction.

Dimensions may be negative, counted from the end.
"""

from __future__ import annotations

from netweight.ops.random.draw import Distribution, RandomAttrs
from netweight.ops.reduce.cumulative import CumsumAttrs
from netweight.sources.build.core import Symbol, call
from netweight.sources.build.params import from_front


def cummax(x: Symbol, dim: int, *, name: str = "cummax") -> tuple[Symbol, Symbol]:
    """The largest element so far along a dimension, and where it was."""
    return _two("cummax", CumsumAttrs(dim=from_front(x, dim)[0]), x, name)


def cummin(x: Symbol, dim: int, *, name: str = "cummin") -> tuple[Symbol, Symbol]:
    """The smallest element so far along a dimension, and where it was."""
    return _two("cummin", CumsumAttrs(dim=from_front(x, dim)[0]), x, name)


def logcumsumexp(x: Symbol, dim: int, *, name: str = "logcumsumexp") -> Symbol:
    """Logarithm of the running sum of exponentials."""
    return call("logcumsumexp", CumsumAttrs(dim=from_front(x, dim)[0]), x, name=name)


def complex(real: Symbol, imag: Symbol, *, name: str = "complex") -> Symbol:  # noqa: A001  -- PyTorch's name
    """real + i imag."""
    return call("complex", None, real, imag, name=name)


def conj(x: Symbol, *, name: str = "conj") -> Symbol:
    """The imaginary part with its sign turned."""
    return call("conj", None, x, name=name)


def view_as_real(x: Symbol, *, name: str = "view_as_real") -> Symbol:
    """Both parts of complex numbers, side by side in a new last dimension."""
    return call("view_as_real", None, x, name=name)


def view_as_complex(x: Symbol, *, name: str = "view_as_complex") -> Symbol:
    """Pairs along the last dimension as complex numbers."""
    return call("view_as_complex", None, x, name=name)


def asinh(x: Symbol, *, inplace: bool = False, name: str = "asinh") -> Symbol:
    """Inverse hyperbolic sine."""
    return call("asinh", None, x, name=name, inplace=inplace)


def acosh(x: Symbol, *, inplace: bool = False, name: str = "acosh") -> Symbol:
    """Inverse hyperbolic cosine."""
    return call("acosh", None, x, name=name, inplace=inplace)


def atanh(x: Symbol, *, inplace: bool = False, name: str = "atanh") -> Symbol:
    """Inverse hyperbolic tangent."""
    return call("atanh", None, x, name=name, inplace=inplace)


def copysign(x: Symbol, other: Symbol, *, inplace: bool = False, name: str = "copysign") -> Symbol:
    """The size of ``x`` with the sign of ``other``."""
    return call("copysign", None, x, other, name=name, inplace=inplace)


def rand_like(x: Symbol, *, name: str = "rand_like") -> Symbol:
    """Uniform numbers between 0 and 1 in the shape and type of ``x``."""
    return _drawn(x, "uniform", name)


def randn_like(x: Symbol, *, name: str = "randn_like") -> Symbol:
    """Normal numbers in the shape and type of ``x``."""
    return _drawn(x, "normal", name)


def _drawn(x: Symbol, distribution: Distribution, name: str) -> Symbol:
    attrs = RandomAttrs(shape=x.shape, distribution=distribution, dtype=x.spec.dtype)
    return x.builder.call("random", attrs, (), layer=x.builder.layer_name(name))[0]


def _two(op: str, attrs: object, x: Symbol, name: str) -> tuple[Symbol, Symbol]:
    values, indices = x.builder.call(op, attrs, (x,), layer=x.builder.layer_name(name))
    return values, indices
