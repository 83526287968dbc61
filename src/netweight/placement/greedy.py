"""Planners that look at each buffer once: in some order, the lowest place that is free for its whole life.

Source: Pisarchyk and Lee, Efficient Memory Management for Deep Neural Net Inference, 2020 (by size, by breadth).
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Mapping, Sequence

from netweight.placement.bound import loads, lower_bound
from netweight.placement.many import first_fit_many
from netweight.placement.problem import Buffer, Placement, check_ids, check_pins, height_of

_MANY = 1000
"""Buffers from which on NumPy is worth its overhead."""

Order = Callable[[Sequence[Buffer]], list[Buffer]]


def by_size(buffers: Sequence[Buffer]) -> list[Buffer]:
    """The largest first; of equals the one that lives longest, then the one that is first."""
    return sorted(buffers, key=lambda buffer: (-buffer.size, buffer.lower - buffer.upper, buffer.lower))


def by_lifetime(buffers: Sequence[Buffer]) -> list[Buffer]:
    """The one that lives longest first; of equals the largest."""
    return sorted(buffers, key=lambda buffer: (buffer.lower - buffer.upper, -buffer.size, buffer.lower))


def by_area(buffers: Sequence[Buffer]) -> list[Buffer]:
    """The largest product of size and lifetime first."""
    return sorted(buffers, key=lambda buffer: (buffer.size * (buffer.lower - buffer.upper), -buffer.size, buffer.lower))


def by_breadth(buffers: Sequence[Buffer]) -> list[Buffer]:
    """Those alive at the step with most bytes alive first, then those of the next step; of one step the largest first.

    A buffer belongs to the worst step of its life.
    """
    steps = loads(buffers)
    worst = sorted(steps, key=lambda step: (-steps[step], step))
    starts = sorted(steps)
    at = {step: number for number, step in enumerate(starts)}
    rank = [0] * len(starts)
    for number, step in enumerate(worst):
        rank[at[step]] = number
    table = [rank]  # of powers of two: the least rank of so many steps from each on
    while 2 ** len(table) <= len(rank):
        last, half = table[-1], 2 ** (len(table) - 1)
        table.append([min(last[i], last[i + half]) for i in range(len(last) - half)])

    def first(buffer: Buffer) -> int:
        low, high = at[buffer.lower], at[buffer.upper]
        power = (high - low).bit_length() - 1
        return min(table[power][low], table[power][high - 2**power])

    return sorted(buffers, key=lambda buffer: (first(buffer), -buffer.size, buffer.lower - buffer.upper, buffer.lower))


ORDERS: Mapping[str, Order] = {"size": by_size, "lifetime": by_lifetime, "area": by_area, "breadth": by_breadth}


def first_fit(order: Iterable[Buffer], pinned: Iterable[Buffer] = ()) -> dict[str, int]:
    """Offsets by id: each buffer in turn at the lowest place that is free for its whole life.

    Args:
        order: Buffers without a given offset.
        pinned: Buffers with one, which come first.
    """
    placed: list[tuple[int, int, int, int]] = []
    offsets = {}
    for buffer in pinned:
        assert buffer.offset is not None
        offsets[buffer.id] = buffer.offset
        if buffer.size:
            insort(placed, (buffer.offset, buffer.offset + buffer.size, buffer.lower, buffer.upper))
    for buffer in order:
        offset = _lowest(placed, buffer)
        offsets[buffer.id] = offset
        if buffer.size:
            insort(placed, (offset, offset + buffer.size, buffer.lower, buffer.upper))
    return offsets


def _lowest(placed: Iterable[tuple[int, int, int, int]], buffer: Buffer) -> int:
    """The lowest place between those that are alive at the same time, which are in order of their offsets."""
    size, lower, upper, alignment = buffer.size, buffer.lower, buffer.upper, buffer.alignment
    offset = 0
    for start, end, first, last in placed:
        if first < upper and lower < last:
            if start - offset >= size:
                break
            if end > offset:
                offset = end if alignment == 1 else -(-end // alignment) * alignment
    return offset


def greedy(buffers: Sequence[Buffer], order: str) -> Placement:
    """The plan that one order gives.

    Args:
        buffers: What needs room.
        order: One of ``ORDERS``.

    Raises:
        UsageError: If two buffers have one id, or pinned ones lie on each other.
    """
    check_ids(buffers)
    check_pins(buffers)
    return _greedy(buffers, order, lower_bound(buffers))


def best_greedy(buffers: Sequence[Buffer]) -> Placement:
    """The lowest of the greedy plans; the first that is as low as the bound ends the search.

    Raises:
        UsageError: If two buffers have one id, or pinned ones lie on each other.
    """
    check_ids(buffers)
    check_pins(buffers)
    bound = lower_bound(buffers)
    found = _greedy(buffers, "size", bound)
    for order in [order for order in ORDERS if order != "size"]:
        if found.proved:
            break
        plan = _greedy(buffers, order, bound)
        found = min(found, plan, key=lambda plan: plan.height)
    return found


def _greedy(buffers: Sequence[Buffer], order: str, bound: int) -> Placement:
    free = [buffer for buffer in buffers if buffer.offset is None]
    pinned = [buffer for buffer in buffers if buffer.offset is not None]
    fit = first_fit if len(buffers) < _MANY else first_fit_many
    offsets = fit(ORDERS[order](free), pinned)
    height = height_of(buffers, offsets)
    return Placement(offsets=offsets, height=height, lower_bound=bound, proved=height == bound, method=order)
