"""Positions of what sparse tensors store: whole numbers, which are computed where they are known."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from netweight.errors import CaptureError
from netweight.ops.contract.sparse_matmul import Layout
from netweight.sources.torch.lower.move.layout import flat, select, stack, transposed
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.sparse.stored import Sparse

_OTHER: dict[Layout, Layout] = {"csr": "csc", "csc": "csr", "bsr": "bsc", "bsc": "bsr"}


def positions(rec: Recorder, x: Sparse) -> tuple[Tensor, ...]:
    """A tensor of positions for each dimension of a tensor that stores single elements.

    Raises:
        CaptureError: If it stores blocks, or the numbers of a compressed layout are not known.
    """
    if x.pointers is None:
        rows = range(x.places.shape[0])
        if x.places.is_meta:
            return tuple(select(rec, x.places, 0, at) for at in rows)
        return tuple(rec.constant(x.places[at].clone()) for at in rows)
    if x.pointers.is_meta or x.places.is_meta or x.values.dim() > 1:
        raise CaptureError(f"sparse: expected single elements at known positions, got a {x.layout} tensor")
    others = torch.repeat_interleave(torch.arange(len(x.pointers) - 1), x.pointers.diff())
    places = x.places.long()
    found = (others, places) if x.layout.endswith("r") else (places, others)
    return tuple(rec.constant(part) for part in found)


def turned(rec: Recorder, x: Sparse) -> Sparse:
    """The transposed matrix: the same elements, rows for columns."""
    shape = (*x.shape[:-2], x.shape[-1], x.shape[-2])
    if x.pointers is None:
        *_, rows, columns = positions(rec, x)
        return replace(x, shape=shape, places=listed(rec, [columns, rows]))
    values = x.values if x.values.dim() == 1 else transposed(rec, x.values)
    return replace(x, shape=shape, layout=_OTHER[x.layout], values=values)


def listed(rec: Recorder, rows: list[Tensor]) -> Tensor:
    """Positions as ``coo`` has them."""
    if any(row.is_meta for row in rows):
        found: Tensor = stack(rec, rows)
        return found
    return rec.constant(torch.stack(rows))


def as_coo(rec: Recorder, x: Sparse) -> Sparse:
    """The same with a row of positions per dimension."""
    if x.layout == "coo":
        return x
    if x.values.dim() > 1:
        return _without_blocks(rec, x)
    return Sparse(shape=x.shape, layout="coo", values=x.values, places=listed(rec, list(positions(rec, x))))


def _without_blocks(rec: Recorder, x: Sparse) -> Sparse:
    """Each element of a block at a place of its own."""
    _, h, w = x.values.shape
    blocks = torch.empty(len(x.places), device="meta")
    rows, columns = positions(rec, replace(x, layout="csr" if x.layout == "bsr" else "csc", values=blocks))
    inside = torch.arange(h)[:, None].expand(h, w), torch.arange(w).expand(h, w)
    parts = (h * rows[:, None, None] + inside[0], w * columns[:, None, None] + inside[1])
    places = rec.constant(torch.stack([part.reshape(-1) for part in parts]))
    return Sparse(shape=x.shape, layout="coo", values=flat(rec, x.values), places=places)
