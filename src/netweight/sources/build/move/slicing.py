"""What square brackets do to symbols."""

from __future__ import annotations

from types import EllipsisType

from netweight.errors import ShapeError
from netweight.functions.move import layout
from netweight.ops.move.slicing import SliceAttrs
from netweight.sources.build.core import Symbol, call
from netweight.sources.build.layers import offered

reshape = offered(layout.reshape)

Index = int | slice | EllipsisType | None


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
