"""The plan that TensorFlow Lite Micro makes by itself, to the byte.

Source: TensorFlow Lite Micro, GreedyMemoryPlanner: buffers whose place is given first, then the largest, of equals the
one that was added last, each in the first gap between those that live at the same time; sizes are rounded up before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from netweight.placement.bound import lower_bound
from netweight.placement.greedy import first_fit
from netweight.placement.problem import Buffer, Placement, aligned, check_ids, check_pins, height_of


def tflm(buffers: Sequence[Buffer]) -> Placement:
    """The plan, and its height, the interpreter's "head"; sizes count with what alignment adds, the topmost too.

    >>> rows = [(10, 0, 1), (20, 1, 2), (30, 2, 3), (40, 3, 4), (50, 0, 1)]
    >>> tflm([Buffer(str(i), first, last + 1, size) for i, (size, first, last) in enumerate(rows)]).height
    90

    Raises:
        UsageError: If two buffers have one id, or pinned ones lie on each other.
    """
    check_ids(buffers)
    check_pins(buffers)
    rounded = [replace(buffer, size=aligned(buffer.size, buffer.alignment)) for buffer in buffers]
    free = [buffer for buffer in reversed(rounded) if buffer.offset is None]
    pinned = [buffer for buffer in rounded if buffer.offset is not None]
    offsets = first_fit(sorted(free, key=lambda buffer: -buffer.size), pinned)
    height, bound = height_of(rounded, offsets), lower_bound(rounded)
    return Placement(offsets=offsets, height=height, lower_bound=bound, proved=height == bound, method="tflm")
