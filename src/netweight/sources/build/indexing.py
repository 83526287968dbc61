"""Reading and writing by tensors of positions, and by masks."""

from __future__ import annotations

from collections.abc import Sequence

from netweight.ops.move.gather import GatherAttrs
from netweight.ops.move.indexing import IndexAttrs, IndexPutAttrs
from netweight.ops.move.scatter import ScatterAttrs
from netweight.ops.move.scatter_slices import IndexAddAttrs
from netweight.sources.build.core import Symbol, call
from netweight.sources.build.params import from_front


def index(x: Symbol, indices: Sequence[Symbol | None], *, name: str = "index") -> Symbol:
    """``x[i, :, j]``: one entry per leading dimension, a tensor of positions, or None for all of it."""
    return call("index", IndexAttrs(dims=_dims(indices)), x, *_tensors(indices), name=name)


def index_put(
    x: Symbol, indices: Sequence[Symbol | None], values: Symbol, *, accumulate: bool = False, name: str = "index_put"
) -> Symbol:
    """``x`` with ``x[i, :, j]`` replaced by the values, or with them added."""
    attrs = IndexPutAttrs(dims=_dims(indices), accumulate=accumulate)
    return call("index_put", attrs, x, values, *_tensors(indices), name=name)


def scatter(x: Symbol, dim: int, index: Symbol, src: Symbol | float, *, name: str = "scatter") -> Symbol:
    """``x`` with the elements of ``src``, or one number, at the positions along the dimension."""
    (along,) = from_front(x, dim)
    if isinstance(src, Symbol):
        return call("scatter", ScatterAttrs(dim=along), x, index, src, name=name)
    return call("scatter", ScatterAttrs(dim=along, value=src), x, index, None, name=name)


def scatter_add(x: Symbol, dim: int, index: Symbol, src: Symbol, *, name: str = "scatter_add") -> Symbol:
    """``x`` with the elements of ``src`` added at the positions along the dimension."""
    return call("scatter_add", GatherAttrs(dim=from_front(x, dim)[0]), x, index, src, name=name)


def index_copy(x: Symbol, dim: int, index: Symbol, source: Symbol, *, name: str = "index_copy") -> Symbol:
    """``x`` with whole slices replaced, those at the positions that ``index`` lists."""
    return call("index_copy", GatherAttrs(dim=from_front(x, dim)[0]), x, index, source, name=name)


def index_add(
    x: Symbol, dim: int, index: Symbol, source: Symbol, *, alpha: float = 1, name: str = "index_add"
) -> Symbol:
    """``x`` with ``alpha`` times whole slices added, to those at the positions that ``index`` lists."""
    return call("index_add", IndexAddAttrs(dim=from_front(x, dim)[0], alpha=alpha), x, index, source, name=name)


def _dims(indices: Sequence[Symbol | None]) -> tuple[int, ...]:
    return tuple(dim for dim, entry in enumerate(indices) if entry is not None)


def _tensors(indices: Sequence[Symbol | None]) -> list[Symbol]:
    return [entry for entry in indices if entry is not None]
