"""The board that the search plays on, made from buffers."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from typing import Any

from netweight.placement.kernel import NONE, Board
from netweight.placement.problem import Buffer

_ENTRIES = 4_000_000
"""Largest length of a table: what does not fit ends the search without an answer."""


def unit_of(buffers: Sequence[Buffer]) -> int:
    """The largest number that all sizes, alignments and given offsets are multiples of."""
    found = gcd(*(buffer.size for buffer in buffers), *(buffer.offset or 0 for buffer in buffers))
    return max(1, gcd(found, *(buffer.alignment for buffer in buffers))) if _aligned(buffers) else max(1, found)


def _aligned(buffers: Sequence[Buffer]) -> bool:
    return any(buffer.alignment > 1 for buffer in buffers)


def board_of(buffers: Sequence[Buffer], table: Any = list) -> Board:
    """A board with nothing placed; ``table`` makes its tables from lists.

    Args:
        buffers: Of at least one byte each, in order of ``lower``.
        table: ``list``, or what makes an array.
    """
    steps = sorted({buffer.lower for buffer in buffers} | {buffer.upper for buffer in buffers})
    at = {step: number for number, step in enumerate(steps)}
    first, last = [at[buffer.lower] for buffer in buffers], [at[buffer.upper] for buffer in buffers]
    sections, count = len(steps) - 1, len(buffers)
    loads = [0] * sections
    for buffer, low, high in zip(buffers, first, last, strict=True):
        for section in range(low, high):
            loads[section] += buffer.size
    state = [0] * (count + sections) + loads
    entries = min(_ENTRIES, count * (count + 3) // 2 + 2 * count + 10)
    trail = min(_ENTRIES, len(state) * (count + 4))
    twins = _twins(buffers)
    special = sum(twin != NONE for twin in twins) + sum(buffer.alignment > 1 for buffer in buffers)
    unplaced = [NONE] * count
    pins = [NONE if buffer.offset is None else buffer.offset for buffer in buffers]
    return Board(
        buffers=table([
            first, last, [buffer.size for buffer in buffers], [buffer.alignment for buffer in buffers], pins,
            twins, [0] * count, unplaced, [0] * count,
        ]),
        groups=table([[start] * (entries + 1) for start in (0, count, NONE, NONE, 0)]),
        frames=table([[0] * (count + 1) for _ in range(5)]),
        state=table(state),
        era=table([NONE] * len(state)),
        where=table([0] * trail),
        was=table([0] * trail),
        ids=table([*range(count), *[0] * entries]),
        lowest=table([0] * sections),
        used=table([0, 0, count, 1, 0, count - pins.count(NONE), 0, special + count - pins.count(NONE)]),
    )  # fmt: skip


def _twins(buffers: Sequence[Buffer]) -> list[int]:
    """For each buffer the one before it with equal life, size and alignment; pinned ones have none."""
    seen: dict[tuple[int, int, int, int], int] = {}
    found = []
    for number, buffer in enumerate(buffers):
        kind = (buffer.lower, buffer.upper, buffer.size, buffer.alignment)
        found.append(NONE if buffer.offset is not None else seen.get(kind, NONE))
        if buffer.offset is None:
            seen[kind] = number
    return found
