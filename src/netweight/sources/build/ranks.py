"""Elements by rank and frequency, running extremes, complex and random numbers, writing by position with a reduction.

Dimensions may be negative, counted from the end.
"""

from __future__ import annotations

from netweight.ops.order.order_statistics import KthvalueAttrs, SearchsortedAttrs
from netweight.ops.order.sort import PickAttrs
from netweight.ops.random.draw import Distribution, RandomAttrs
from netweight.ops.reduce.cumulative import CumsumAttrs
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


def cummax(x: Symbol, dim: int, *, name: str = "cummax") -> tuple[Symbol, Symbol]:
    """The largest element so far along a dimension, and where it was."""
    return _two("cummax", CumsumAttrs(dim=from_front(x, dim)[0]), x, name)


def cummin(x: Symbol, dim: int, *, name: str = "cummin") -> tuple[Symbol, Symbol]:
    """The smallest element so far along a dimension, and where it was."""
    return _two("cummin", CumsumAttrs(dim=from_front(x, dim)[0]), x, name)


def logcumsumexp(x: Symbol, dim: int, *, name: str = "logcumsumexp") -> Symbol:
    """Logarithm of the running sum of exponentials."""
    return call("logcumsumexp", CumsumAttrs(dim=from_front(x, dim)[0]), x, name=name)


def searchsorted(sequence: Symbol, x: Symbol, *, right: bool = False, name: str = "searchsorted") -> Symbol:
    """Places of elements in a sorted row."""
    return call("searchsorted", SearchsortedAttrs(right=right), sequence, x, name=name)


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
