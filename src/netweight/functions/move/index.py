"""Reading and writing by tensors of positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netweight.functions.recorder import Recorder, T, from_front, is_number
from netweight.ops.move.places import GatherAttrs, GatherNdAttrs, IndexAttrs
from netweight.ops.move.scatter import (
    IndexAddAttrs,
    IndexPutAttrs,
    ScatterAttrs,
    ScatterNdReduceAttrs,
    ScatterReduceAttrs,
)

_REDUCTIONS: dict[str, Any] = {"add": "sum", "multiply": "prod"}


def index(rec: Recorder, x: T, indices: Sequence[T | None]) -> T:
    """``x[i, :, j]``: one entry per leading dimension, a tensor of positions, or None for all of it."""
    dims, tensors = _given(indices)
    return rec.op("index", IndexAttrs(dims=dims), x, *tensors)


def index_put(rec: Recorder, x: T, indices: Sequence[T | None], values: T, accumulate: bool = False) -> T:
    """``x`` with ``x[i, :, j]`` replaced by the values, or with them added."""
    dims, tensors = _given(indices)
    return rec.op("index_put", IndexPutAttrs(dims=dims, accumulate=accumulate), x, values, *tensors)


def gather(rec: Recorder, x: T, dim: int, index: T) -> T:
    """For each element of ``index`` the one of ``x`` at that position along the dimension."""
    return rec.op("gather", GatherAttrs(dim=from_front(rec, x, dim)[0]), x, index)


def index_select(rec: Recorder, x: T, dim: int, index: T) -> T:
    """Whole slices of ``x`` at the positions that ``index``, of one dimension, lists."""
    return rec.op("index_select", GatherAttrs(dim=from_front(rec, x, dim)[0]), x, index)


def scatter(rec: Recorder, x: T, dim: int, index: T, src: T | float) -> T:
    """``x`` with the elements of ``src``, or one number, at the positions along the dimension."""
    (along,) = from_front(rec, x, dim)
    if is_number(src):
        return rec.op("scatter", ScatterAttrs(dim=along, value=float(src)), x, index, None)
    return rec.op("scatter", ScatterAttrs(dim=along), x, index, src)


def scatter_add(rec: Recorder, x: T, dim: int, index: T, src: T) -> T:
    """``x`` with the elements of ``src`` added at the positions along the dimension."""
    return rec.op("scatter_add", GatherAttrs(dim=from_front(rec, x, dim)[0]), x, index, src)


def scatter_reduce(rec: Recorder, x: T, dim: int, index: T, src: T, reduce: str, *, include_self: bool = True) -> T:
    """``x`` with the sum, prod, mean, amax or amin of the elements of ``src`` that go to each position."""
    how = _REDUCTIONS.get(reduce, reduce)
    if how == "sum" and include_self:
        return scatter_add(rec, x, dim, index, src)
    attrs = ScatterReduceAttrs(dim=from_front(rec, x, dim)[0], reduce=how, include_self=include_self)
    return rec.op("scatter_reduce", attrs, x, index, src)


def gather_nd(rec: Recorder, x: T, index: T, batch_dims: int = 0) -> T:
    """The slices of ``x`` (*batch, *in) at the lists of positions in ``index`` (*batch, *out, k)."""
    return rec.op("gather_nd", GatherNdAttrs(batch_dims=batch_dims), x, index)


def scatter_nd(rec: Recorder, x: T, index: T, src: T, reduce: str = "none") -> T:
    """``x`` with slices at the lists of positions in ``index`` (*out, k) replaced, or joined: sum, prod, amax, amin."""
    how = _REDUCTIONS.get(reduce, reduce)
    if how in ("none", "sum"):
        return rec.op("scatter_nd" if how == "none" else "scatter_nd_add", None, x, index, src)
    return rec.op("scatter_nd_reduce", ScatterNdReduceAttrs(reduce=how), x, index, src)


def index_copy(rec: Recorder, x: T, dim: int, index: T, source: T) -> T:
    """``x`` with whole slices replaced, those at the positions that ``index`` lists."""
    return rec.op("index_copy", GatherAttrs(dim=from_front(rec, x, dim)[0]), x, index, source)


def index_add(rec: Recorder, x: T, dim: int, index: T, source: T, *, alpha: float = 1) -> T:
    """``x`` with ``alpha`` times whole slices added, to those at the positions that ``index`` lists."""
    return rec.op("index_add", IndexAddAttrs(dim=from_front(rec, x, dim)[0], alpha=alpha), x, index, source)


def masked_scatter(rec: Recorder, x: T, mask: T, source: T) -> T:
    """The next element of ``source`` where the mask is true, ``x`` elsewhere."""
    return rec.op("masked_scatter", None, x, mask, source)


def _given(indices: Sequence[T | None]) -> tuple[tuple[int, ...], list[T]]:
    """Dimensions that have positions, and the positions."""
    pairs = [(dim, entry) for dim, entry in enumerate(indices) if entry is not None]
    return tuple(dim for dim, _ in pairs), [entry for _, entry in pairs]
