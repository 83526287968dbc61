"""Whether a plan, of whomever it is, holds: no two buffers on the same bytes at the same time, none out of line."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from netweight.placement.problem import Buffer


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two buffers on the same bytes.

    Attributes:
        one: The one that is born later.
        other: The other.
        nbytes: Bytes that both have.
        step: First step at which both are alive.
    """

    one: str
    other: str
    nbytes: int
    step: int


def overlaps(buffers: Sequence[Buffer], offsets: Mapping[str, int], most: int = 100) -> tuple[Overlap, ...]:
    """The first overlaps in order of time, at most so many."""
    found: list[Overlap] = []
    alive: list[tuple[int, int, int]] = []  # offset, number, last step
    ends: list[tuple[int, int]] = []
    largest = max((buffer.size for buffer in buffers), default=0)
    solid = sorted((buffer for buffer in buffers if buffer.size), key=lambda buffer: (buffer.lower, buffer.id))
    for number, buffer in enumerate(solid):
        while ends and -ends[-1][0] <= buffer.lower:
            _, done = ends.pop()
            alive.pop(bisect_left(alive, (offsets[solid[done].id], done)))
        offset = offsets[buffer.id]
        at = bisect_left(alive, (offset - largest + 1, -1))
        while at < len(alive) and alive[at][0] < offset + buffer.size:
            other = solid[alive[at][1]]
            shared = min(offset + buffer.size, alive[at][0] + other.size) - max(offset, alive[at][0])
            if shared > 0:
                found.append(Overlap(buffer.id, other.id, shared, buffer.lower))
                if len(found) >= most:
                    return tuple(found)
            at += 1
        insort(alive, (offset, number, buffer.upper))
        insort(ends, (-buffer.upper, number))
    return tuple(found)


def out_of_line(buffers: Sequence[Buffer], offsets: Mapping[str, int]) -> tuple[str, ...]:
    """Ids of buffers whose offset is no multiple of their alignment."""
    return tuple(buffer.id for buffer in buffers if offsets[buffer.id] % buffer.alignment)
