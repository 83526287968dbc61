"""Elements by rank and frequency, running extremes, complex and random numbers, writing by position with a reduction.

Dimensions may be negative, counted from the end.
"""

from __future__ import annotations

from netweight.ops.order.order_statistics import KthvalueAttrs, SearchsortedAttrs
from netweight.ops.order.sort import PickAttrs
from netweight.sources.build.core import Symbol, call
from netweight.sources.build.params import from_front


def kthvalue(
    x: Symbol, k: int, dim: int = -1, *, keepdim: bool = False, name: str = "kthvalue"
) -> tuple[Symbol, Symbol]:
    """The k-th smallest element along a dimension, and where it was."""
    return _two("kthvalue", KthvalueAttrs(k=k, dim=from_front(x, dim)[0], keepdim=keepdim), x, name)


def mode(x: Symbol, dim: int = -1, *, keepdim: bool = False, name: str = "mode") -> tuple[Symbol, Symbol]:
    """The most frequent element along a dimension, and where it was."""
    return _two("mode", PickAttrs(dim=from_front(x, dim)[0], keepdim=keepdim), x, name)


def searchsorted(sequence: Symbol, x: Symbol, *, right: bool = False, name: str = "searchsorted") -> Symbol:
    """Places of elements in a sorted row."""
    return call("searchsorted", SearchsortedAttrs(right=right), sequence, x, name=name)


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


def _two(op: str, attrs: object, x: Symbol, name: str) -> tuple[Symbol, Symbol]:
    values, indices = x.builder.call(op, attrs, (x,), layer=x.builder.layer_name(name))
    return values, indices
