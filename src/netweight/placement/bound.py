"""What no plan can do without: the bytes alive at one time."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd

from netweight.placement.problem import Buffer, aligned


def lower_bound(buffers: Sequence[Buffer]) -> int:
    """Bytes alive at the worst step, and the end of every buffer whose place is given.

    Where all offsets are multiples of some number, each buffer but the topmost takes whole multiples of it.

    >>> lower_bound([Buffer("a", 0, 2, 10, alignment=16), Buffer("b", 1, 3, 20, alignment=16)])
    36
    """
    unit = gcd(*(buffer.alignment for buffer in buffers if buffer.size), *(buffer.offset or 0 for buffer in buffers))
    unit = max(unit, 1)
    pinned = max((buffer.offset + buffer.size for buffer in buffers if buffer.offset is not None), default=0)
    return max(pinned, _worst_step(buffers, unit))


def _worst_step(buffers: Sequence[Buffer], unit: int) -> int:
    """Largest sum of sizes alive, each rounded up to the unit, but for the one that loses most by it."""
    if unit == 1:
        return max(loads(buffers).values(), default=0)
    rounded = loads(buffers, unit)
    spared = _most_padding(buffers, unit, list(rounded))
    return max((load - spare for load, spare in zip(rounded.values(), spared, strict=True)), default=0)


def loads(buffers: Sequence[Buffer], unit: int = 1) -> dict[int, int]:
    """Bytes alive from each step on at which that changes, in order of time; sizes rounded up to the unit."""
    changes: dict[int, int] = {}
    for buffer in buffers:
        size = aligned(buffer.size, unit)
        changes[buffer.lower] = changes.get(buffer.lower, 0) + size
        changes[buffer.upper] = changes.get(buffer.upper, 0) - size
    alive, found = 0, {}
    for step in sorted(changes):
        alive += changes[step]
        found[step] = alive
    return found


def _most_padding(buffers: Sequence[Buffer], unit: int, steps: Sequence[int]) -> list[int]:
    """For each step the most that rounding up adds to a buffer alive then."""
    from heapq import heappop, heappush

    waiting = sorted((buffer for buffer in buffers if buffer.size), key=lambda buffer: buffer.lower, reverse=True)
    heap: list[tuple[int, int]] = []
    found = []
    for step in steps:
        while waiting and waiting[-1].lower <= step:
            buffer = waiting.pop()
            heappush(heap, (buffer.size - aligned(buffer.size, unit), buffer.upper))
        while heap and heap[0][1] <= step:
            heappop(heap)
        found.append(-heap[0][0] if heap else 0)
    return found
