"""What a tensor holds: how many there are depends on numbers, so a count is assumed, or the most that can be."""

from __future__ import annotations

from netweight.ops.order.nonzero import NonzeroAttrs
from netweight.ops.order.unique import RunsAttrs, UniqueAttrs
from netweight.sources.build.core import Symbol, call
from netweight.sources.build.params import from_front


def nonzero(x: Symbol, *, count: int | None = None, name: str = "nonzero") -> Symbol:
    """Positions of what is not zero, (count, dimensions)."""
    return call("nonzero", NonzeroAttrs(count=count), x, name=name)


def unique(
    x: Symbol,
    *,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
    count: int | None = None,
    name: str = "unique",
) -> tuple[Symbol, ...]:
    """Distinct elements, or slices along a dimension, in order; which of them each is; how many there are of each."""
    attrs = UniqueAttrs(count=count, dim=_dim(x, dim), also=_also(return_inverse, return_counts))
    return x.builder.call("unique", attrs, (x,), layer=x.builder.layer_name(name))


def unique_consecutive(
    x: Symbol,
    *,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
    count: int | None = None,
    name: str = "unique_consecutive",
) -> tuple[Symbol, ...]:
    """The first of each run of equal elements, or slices; which run each is in; how long each is."""
    attrs = RunsAttrs(count=count, dim=_dim(x, dim), also=_also(return_inverse, return_counts))
    return x.builder.call("unique_consecutive", attrs, (x,), layer=x.builder.layer_name(name))


def _dim(x: Symbol, dim: int | None) -> int | None:
    return None if dim is None else from_front(x, dim)[0]


def _also(inverse: bool, counts: bool) -> tuple[str, ...]:  # noqa: FBT001
    return tuple(name for name, asked in (("inverse", inverse), ("counts", counts)) if asked)
