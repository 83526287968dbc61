"""First fit for many buffers at once: the search for a gap is done by NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netweight.lazy import np
from netweight.placement.problem import Buffer


def first_fit_many(order: Sequence[Buffer], pinned: Sequence[Buffer] = ()) -> dict[str, int]:
    """As ``first_fit``: the same offsets, for thousands of buffers faster."""
    solid = [buffer for buffer in (*pinned, *order) if buffer.size]
    offsets = {buffer.id: buffer.offset or 0 for buffer in (*pinned, *order)}
    rows: Any = np.zeros((4, len(solid) + 1), dtype=np.int64)  # start, end, lower, upper; in order of start
    for count, buffer in enumerate(solid):
        placed = rows[:, :count]
        if buffer.offset is None:
            alive = np.flatnonzero((placed[2] < buffer.upper) & (placed[3] > buffer.lower))
            offset = _lowest(placed[0][alive], placed[1][alive], buffer.size, buffer.alignment)
            offsets[buffer.id] = offset
        else:
            offset = buffer.offset
        at = int(np.searchsorted(placed[0], offset, side="right"))
        rows[:, at + 1 : count + 1] = rows[:, at:count].copy()
        rows[:, at] = (offset, offset + buffer.size, buffer.lower, buffer.upper)
    return offsets


def _lowest(starts: Any, ends: Any, size: int, alignment: int) -> int:
    """The lowest place of so many bytes between intervals, which are in order of their starts."""
    if not len(starts):
        return 0
    tops = np.maximum.accumulate(ends)
    places = np.concatenate(([0], -(-tops // alignment) * alignment))
    wide = np.flatnonzero(starts - places[:-1] >= size)
    return int(places[wide[0]] if len(wide) else places[-1])
