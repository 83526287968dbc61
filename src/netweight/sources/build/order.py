"""Elements in order: all of them, the first few, the first; values and positions.

Dimensions may be negative, counted from the end.
"""

from __future__ import annotations

from netweight.ops.order.sort import PickAttrs, SortAttrs, TopkAttrs
from netweight.sources.build.core import Symbol, call
from netweight.sources.build.params import from_front


def sort(x: Symbol, dim: int = -1, *, descending: bool = False, name: str = "sort") -> tuple[Symbol, Symbol]:
    """The elements in order along a dimension, and where they were."""
    return _two("sort", SortAttrs(dim=from_front(x, dim)[0], descending=descending), x, name)


def argsort(x: Symbol, dim: int = -1, *, descending: bool = False, name: str = "argsort") -> Symbol:
    """Where the elements are that come in order along a dimension."""
    return call("argsort", SortAttrs(dim=from_front(x, dim)[0], descending=descending), x, name=name)


def topk(x: Symbol, k: int, dim: int = -1, *, largest: bool = True, name: str = "topk") -> tuple[Symbol, Symbol]:
    """The ``k`` largest elements along a dimension, or the smallest, in order, and where they were."""
    return _two("topk", TopkAttrs(k=k, dim=from_front(x, dim)[0], largest=largest), x, name)


def max(  # noqa: A001  -- PyTorch's name
    x: Symbol, dim: int, *, keepdim: bool = False, name: str = "max"
) -> tuple[Symbol, Symbol]:
    """The largest element along a dimension, and where it was; ``amax`` has it without the position."""
    return _two("max", PickAttrs(dim=from_front(x, dim)[0], keepdim=keepdim), x, name)


def min(  # noqa: A001  -- PyTorch's name
    x: Symbol, dim: int, *, keepdim: bool = False, name: str = "min"
) -> tuple[Symbol, Symbol]:
    """The smallest element along a dimension, and where it was; ``amin`` has it without the position."""
    return _two("min", PickAttrs(dim=from_front(x, dim)[0], keepdim=keepdim), x, name)


def _two(op: str, attrs: object, x: Symbol, name: str) -> tuple[Symbol, Symbol]:
    values, indices = x.builder.call(op, attrs, (x,), layer=x.builder.layer_name(name))
    return values, indices
