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


def _two(op: str, attrs: object, x: Symbol, name: str) -> tuple[Symbol, Symbol]:
    values, indices = x.builder.call(op, attrs, (x,), layer=x.builder.layer_name(name))
    return values, indices
