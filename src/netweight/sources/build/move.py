"""Rows of tables that are looked up, and what square brackets do to symbols."""

from __future__ import annotations

from types import EllipsisType

from netweight.errors import ShapeError
from netweight.functions.move import layout
from netweight.functions.move import table as functions
from netweight.ir import Init
from netweight.ops.move.embedding_bag import BagMode
from netweight.ops.move.slicing import SliceAttrs
from netweight.sources.build.core import Symbol, call
from netweight.sources.build.layers import offered

reshape = offered(layout.reshape)

Index = int | slice | EllipsisType | None


def embedding(
    indices: Symbol, num_embeddings: int, embedding_dim: int, *, padding_idx: int | None = None,
    weight: Symbol | None = None, name: str = "embedding",
) -> Symbol:  # fmt: skip
    """A learned row for every index.

    Args:
        indices: (...), integers from 0 to num_embeddings - 1.
        num_embeddings: Rows of the table.
        embedding_dim: Size of a row.
        padding_idx: Row that is looked up like any other and never learned.
        weight: A symbol (num_embeddings, embedding_dim) to share instead of a new parameter.
        name: Last part of the module path.

    Raises:
        ShapeError: If the indices are no integers, or a shared table has another shape.
    """
    builder = indices.builder
    with builder.recording(name):
        if weight is None:
            weight = builder.own("weight", (num_embeddings, embedding_dim), Init(kind="normal"))
        return functions.embedding(builder, indices, weight, padding_idx)


def embedding_bag(
    indices: Symbol, num_embeddings: int, embedding_dim: int, *, offsets: Symbol | None = None,
    per_sample_weights: Symbol | None = None, mode: BagMode = "mean", padding_idx: int | None = None,
    include_last_offset: bool = False, name: str = "embedding_bag",
) -> Symbol:  # fmt: skip
    """Learned rows, looked up and reduced bag by bag.

    Args:
        indices: (bags, length), or (lookups,) with offsets.
        num_embeddings: Rows of the table.
        embedding_dim: Size of a row.
        offsets: Where each bag starts in a flat list of indices.
        per_sample_weights: A factor per lookup; with mode ``"sum"`` only.
        mode: What becomes of the rows of a bag.
        padding_idx: Row that is left out of every bag, and never learned.
        include_last_offset: The offsets end with the number of indices.
        name: Last part of the module path.
    """
    builder = indices.builder
    with builder.recording(name):
        weight = builder.own("weight", (num_embeddings, embedding_dim), Init(kind="normal"))
        return functions.embedding_bag(
            builder, indices, weight, offsets, mode, per_sample_weights, include_last_offset, padding_idx
        )


def getitem(x: Symbol, key: Index | tuple[Index, ...], *, name: str = "slice") -> Symbol:
    """``x[key]`` for numbers, slices that step forward, ``...`` and None: views, one per dimension that is cut.

    Raises:
        ShapeError: If the key has more entries than ``x`` dimensions, or reaches outside.
    """
    entries = _without_ellipsis(x, key if isinstance(key, tuple) else (key,))
    shape: list[int] = []
    dim = 0
    for entry in entries:
        if entry is None:
            shape.append(1)
            continue
        size = x.shape[dim]
        start, stop, step = entry.indices(size) if isinstance(entry, slice) else _one(entry, size)
        if (start, stop, step) != (0, size, 1):
            x = call("slice", SliceAttrs(dim=dim, start=start, stop=stop, step=step), x, name=name)
        if isinstance(entry, slice):
            shape.append(x.shape[dim])
        dim += 1
    return x if tuple(shape) == x.shape else reshape(x, *shape)


def _one(position: int, size: int) -> tuple[int, int, int]:
    start = position + size if position < 0 else position
    return start, start + 1, 1


def _without_ellipsis(x: Symbol, entries: tuple[Index, ...]) -> list[int | slice | None]:
    """One entry per dimension of ``x``, and the Nones between them."""
    named: list[int | slice | None] = [entry for entry in entries if not isinstance(entry, EllipsisType)]
    missing = len(x.shape) - sum(entry is not None for entry in named)
    if missing < 0 or len(entries) - len(named) > 1:
        raise ShapeError(f"index: expected at most one entry per dim of {x.shape}, got {entries}")
    at = next((i for i, entry in enumerate(entries) if isinstance(entry, EllipsisType)), len(named))
    named[at:at] = [slice(None)] * missing
    return named
