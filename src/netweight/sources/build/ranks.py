"""Elements by rank and frequency, running extremes, complex and random numbers, writing by position with a reduction.

Dimensions may be negative, counted from the end.
"""

from __future__ import annotations

from netweight.sources.build.core import Symbol, call


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
