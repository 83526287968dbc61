"""Sparse tensors made, opened, joined, and written out as dense ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from netweight.ops.move.layout import PermuteAttrs
from netweight.sources.torch.lower import RULES
from netweight.sources.torch.lower.move.create import made
from netweight.sources.torch.lower.move.layout import reshaped
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.sparse.places import as_coo, listed, positions, turned
from netweight.sources.torch.sparse.rules import of_sparse
from netweight.sources.torch.sparse.stored import LAYOUTS, Sparse


@of_sparse("sparse_coo_tensor", "_sparse_coo_tensor_unsafe")
def coo(
    rec: Recorder, indices: Any, values: Any = None, size: Any = None, *, is_coalesced: bool | None = None,
    dtype: Any = None, **_others: Any,
) -> Any:  # fmt: skip
    """``sparse_coo_tensor.indices_size``; without a size it is as large as its positions say."""
    if not isinstance(indices, Tensor) or values is None or values.dim() != 1:
        return NotImplemented
    if size is None:
        if indices.is_meta:
            return NotImplemented
        size = [int(row.max()) + 1 for row in indices]
    values = values if dtype is None else RULES["to.dtype"](rec, values, dtype)
    once = is_coalesced or (not indices.is_meta and _is_sorted(indices))
    return Sparse(shape=tuple(size), layout="coo", values=values, places=indices, coalesced=bool(once))


def _is_sorted(places: Tensor) -> bool:
    found = torch.unique(places, dim=1)
    return found.shape == places.shape and bool((found == places).all())


@of_sparse(
    "sparse_compressed_tensor", "_sparse_compressed_tensor_unsafe", "sparse_csr_tensor", "sparse_csc_tensor",
    "sparse_bsr_tensor", "sparse_bsc_tensor", "_sparse_csr_tensor_unsafe",
)  # fmt: skip
def compressed(
    rec: Recorder, pointers: Tensor, places: Tensor, values: Tensor, size: Any = None, *, layout: Any = None,
    **_others: Any,
) -> Any:  # fmt: skip
    """``sparse_compressed_tensor.comp_plain_value_size``."""
    if size is None or pointers.dim() != 1 or layout is None:
        return NotImplemented
    return Sparse(shape=tuple(size), layout=LAYOUTS[layout], values=values, places=places, pointers=pointers)


@of_sparse("values", "_values")
def values_of(rec: Recorder, x: Sparse) -> Any:
    """What is stored."""
    return x.values


@of_sparse("indices", "_indices", "col_indices", "row_indices")
def places_of(rec: Recorder, x: Sparse) -> Any:
    """Where it is."""
    return x.places


@of_sparse("crow_indices", "ccol_indices")
def pointers_of(rec: Recorder, x: Sparse) -> Any:
    """Where rows or columns begin."""
    return x.pointers


@of_sparse("_nnz")
def count_of(rec: Recorder, x: Sparse) -> Any:
    """How much is stored."""
    return x.values.shape[0]


@of_sparse("is_coalesced")
def is_coalesced(rec: Recorder, x: Sparse) -> Any:
    """Whether no place is stored twice."""
    return x.coalesced


@of_sparse("coalesce", "_coalesce")
def coalesced(rec: Recorder, x: Sparse) -> Any:
    """What is stored in one place added up; of positions without numbers, that each is another place."""
    if x.coalesced:
        return x
    if x.places.is_meta:
        rec.guess("places of a sparse tensor are taken to differ", steers=False)
        return replace(x, coalesced=True)
    places, where = torch.unique(x.places, dim=1, return_inverse=True)
    values = x.values
    if places.shape != x.places.shape:
        zeros = made(rec, (places.shape[1],), 0.0, values.dtype)
        values = RULES["index_add"](rec, zeros, 0, rec.constant(where), values)
    elif not bool((places == x.places).all()):
        values = RULES["index"](rec, values, [rec.constant(where.argsort())])
    return replace(x, values=values, places=rec.constant(places), coalesced=True)


def joined(rec: Recorder, parts: list[Sparse]) -> Sparse:
    """All elements of tensors of one shape, in one: places that several have are stored as often."""
    each = [as_coo(rec, part) for part in parts]
    rows = [list(positions(rec, part)) for part in each]
    places = listed(rec, [_in_a_row(rec, row) for row in zip(*rows, strict=True)])
    values = RULES["cat"](rec, [part.values for part in each], 0)
    return Sparse(shape=parts[0].shape, layout="coo", values=values, places=places, coalesced=False)


def _in_a_row(rec: Recorder, parts: tuple[Tensor, ...]) -> Tensor:
    if not any(part.is_meta for part in parts):
        return torch.cat(parts)
    found: Tensor = RULES["cat"](rec, list(parts), 0)
    return found


@of_sparse("to_dense", "_to_dense")
def to_dense(rec: Recorder, x: Sparse, *_dtype: Any, **_settings: Any) -> Any:
    """Zeros, and what is stored in its places."""
    x = as_coo(rec, x)
    zeros = made(rec, x.shape, 0.0, x.values.dtype)
    return RULES["index_put"](rec, zeros, list(positions(rec, x)), x.values, not x.coalesced)


@of_sparse("t", "numpy_T", "mT")
def transpose(rec: Recorder, x: Sparse) -> Any:
    """Rows for columns."""
    return turned(rec, x) if len(x.shape) == 2 else NotImplemented


@of_sparse("transpose", "swapaxes", "swapdims")
def exchange(rec: Recorder, x: Sparse, first: int, second: int) -> Any:
    """Both dimensions of a matrix exchanged."""
    return permute(rec, x, (second, first)) if first % 2 < second % 2 else permute(rec, x, (first, second))


@of_sparse("permute")
def permute(rec: Recorder, x: Sparse, dims: Any) -> Any:
    """Rows for columns, or nothing."""
    if len(x.shape) != 2:
        return NotImplemented
    return turned(rec, x) if dims[0] % 2 else x


def _into(layout: torch.layout, *names: str) -> None:
    @of_sparse(*names)
    def rule(rec: Recorder, x: Any, *args: Any, **settings: Any) -> Any:
        """What is not zero of a dense tensor whose numbers are known, or another layout of a sparse one."""
        wanted = settings.get("layout") or layout
        x = _picked(rec, x) if isinstance(x, Tensor) else x
        return x if x.layout == LAYOUTS[wanted] else _stored_as(rec, coalesced(rec, as_coo(rec, x)), wanted)


_into(torch.sparse_coo, "to_sparse", "_to_sparse")
_into(torch.sparse_csr, "to_sparse_csr", "_to_sparse_csr")
_into(torch.sparse_csc, "to_sparse_csc", "_to_sparse_csc")


def _stored_as(rec: Recorder, x: Sparse, wanted: torch.layout) -> Any:
    if wanted is torch.sparse_coo:
        return x
    rows, columns = positions(rec, x)
    if rows.is_meta or wanted not in (torch.sparse_csr, torch.sparse_csc):
        return NotImplemented
    first, second, lines = (rows, columns, x.shape[0]) if wanted is torch.sparse_csr else (columns, rows, x.shape[1])
    order = first.argsort(stable=True)
    is_sorted = bool((order.diff() > 0).all())
    values = x.values if is_sorted else RULES["index"](rec, x.values, [rec.constant(order)])
    counts = torch.bincount(first, minlength=lines)
    pointers = torch.cat([torch.zeros(1, dtype=torch.int64), counts.cumsum(0)])
    places = rec.constant(second[order])
    return Sparse(shape=x.shape, layout=LAYOUTS[wanted], values=values, places=places, pointers=rec.constant(pointers))


def _blocked(layout: torch.layout, *names: str) -> None:
    @of_sparse(*names)
    def rule(rec: Recorder, x: Any, blocksize: Any, *_dense: Any) -> Any:
        """Blocks of a dense tensor that are not all zero."""
        if not isinstance(x, Tensor) or x.dim() != 2:
            return NotImplemented
        h, w = blocksize
        grid = (x.shape[0] // h, x.shape[1] // w)
        numbers = _numbers(rec, x).reshape(grid[0], h, grid[1], w).any(3).any(1)
        by_rows = layout is torch.sparse_bsr
        at = (numbers if by_rows else numbers.t()).nonzero()
        apart = reshaped(rec, x, (grid[0], h, grid[1], w))
        blocks = rec.op("permute", PermuteAttrs(order=(0, 2, 1, 3)), apart)
        rows, columns = (at[:, 0], at[:, 1]) if by_rows else (at[:, 1], at[:, 0])
        values = RULES["index"](rec, blocks, [rec.constant(rows.clone()), rec.constant(columns.clone())])
        counts = torch.bincount(at[:, 0], minlength=grid[0 if by_rows else 1])
        pointers = torch.cat([torch.zeros(1, dtype=torch.int64), counts.cumsum(0)])
        return Sparse(
            shape=tuple(x.shape), layout=LAYOUTS[layout], values=values,
            places=rec.constant((columns if by_rows else rows).clone()), pointers=rec.constant(pointers),
        )  # fmt: skip


_blocked(torch.sparse_bsr, "to_sparse_bsr", "_to_sparse_bsr")
_blocked(torch.sparse_bsc, "to_sparse_bsc", "_to_sparse_bsc")


def _numbers(rec: Recorder, x: Tensor) -> Tensor:
    """Which elements are not zero; all where a tensor has no numbers."""
    if not x.is_meta:
        return x.detach() != 0
    rec.guess("a dense tensor made sparse is taken to have no zeros", steers=False)
    return torch.ones(x.shape, dtype=torch.bool)


def _picked(rec: Recorder, x: Tensor) -> Sparse:
    """Places by the numbers of a tensor."""
    places = _numbers(rec, x).nonzero().t().contiguous()
    values = RULES["index"](rec, x, [rec.constant(row.clone()) for row in places])
    return Sparse(shape=tuple(x.shape), layout="coo", values=values, places=rec.constant(places))


@of_sparse("cat", "concat")
def cat(rec: Recorder, parts: Any, dim: int = 0) -> Any:
    """What all store, moved along a dimension by the sizes of those before."""
    if not all(isinstance(part, Sparse) for part in parts):
        return NotImplemented
    at, start, moved = dim % len(parts[0].shape), 0, []
    for part in parts:
        rows = list(positions(rec, part))
        rows[at] = RULES["add"](rec, rows[at], start) if rows[at].is_meta else rows[at] + start
        moved.append(replace(as_coo(rec, part), places=listed(rec, rows)))
        start += part.shape[at]
    shape = tuple(start if d == at else size for d, size in enumerate(parts[0].shape))
    return replace(joined(rec, moved), shape=shape, coalesced=at == 0 and all(part.coalesced for part in parts))


@of_sparse("index_select")
def index_select(rec: Recorder, x: Sparse, dim: int, index: Tensor) -> Any:
    """What is stored at the places that are asked for."""
    rows = positions(rec, x)
    if index.is_meta or rows[0].is_meta:
        return NotImplemented
    at = dim % len(x.shape)
    which, where = (rows[at][:, None] == index).nonzero(as_tuple=True)
    places = [where if d == at else row[which] for d, row in enumerate(rows)]
    values = RULES["index"](rec, x.values, [rec.constant(which)])
    shape = tuple(len(index) if d == at else size for d, size in enumerate(x.shape))
    return Sparse(shape=shape, layout="coo", values=values, places=listed(rec, places), coalesced=False)


@of_sparse("select")
def select_one(rec: Recorder, x: Sparse, dim: int, index: int) -> Any:
    """What is stored at one place of a dimension, which is gone."""
    at = dim % len(x.shape)
    part = index_select(rec, x, at, torch.tensor([index % x.shape[at]]))
    if part is NotImplemented:
        return part
    rows = [row for d, row in enumerate(positions(rec, part)) if d != at]
    return replace(part, shape=(*x.shape[:at], *x.shape[at + 1 :]), places=listed(rec, rows), coalesced=x.coalesced)


@of_sparse("_spdiags")
def diagonals(rec: Recorder, rows: Tensor, offsets: Tensor, shape: Any, layout: Any = None) -> Any:
    """Each row along a diagonal: the element of column c in column c."""
    if offsets.is_meta or layout not in (None, torch.sparse_coo):
        return NotImplemented
    which, at = (part.reshape(-1) for part in torch.meshgrid(*map(torch.arange, rows.shape), indexing="ij"))
    above = at - offsets[which]
    inside = (above >= 0) & (above < shape[0]) & (at < shape[1])
    places = rec.constant(torch.stack([above[inside], at[inside]]))
    values = RULES["index"](rec, rows, [rec.constant(which[inside]), rec.constant(at[inside])])
    return Sparse(shape=tuple(shape), layout="coo", values=values, places=places, coalesced=False)
