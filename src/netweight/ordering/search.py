"""The order of a segment that holds the least, by best-first search over the sets of steps that are done.

What is held after a set of steps does not depend on their order, so a set is met once. A step that fits below what is
reached anyway, and leaves no more than it found, is done at once: brought forward in any order, it makes none of the
other steps dearer.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

from netweight.ordering.local import Local


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search has found.

    Attributes:
        order: Steps of the segment; None if no order is better than the one that was known.
        peak: Bytes of the order, or of the one that was known.
        bound: Bytes that no order can go below; ``peak`` if the search came to its end.
        sets: Sets of steps that it has looked at.
    """

    order: tuple[int, ...] | None
    peak: int
    bound: int
    sets: int


def search(local: Local, *, enough: int, known: int, limit: int) -> Found:
    """The best order of a segment, if one is below ``known``.

    Args:
        local: The segment.
        enough: Bytes that are reached elsewhere or cannot be avoided: an order that needs no more is as good as any.
        known: Bytes of an order that is at hand.
        limit: Sets of steps to look at before it gives up.
    """
    every = (1 << len(local.before)) - 1
    first, held, path = forced(local, 0, local.start, enough)
    came: dict[int, tuple[int, tuple[int, ...]]] = {first: (-1, path)}
    least = {first: enough}
    queue = [(enough, -first.bit_count(), first, held)]
    looked = 0
    while queue:
        peak, _, done, held = heapq.heappop(queue)
        if peak > least[done]:
            continue
        if done == every:
            return Found(order=_path(came, done), peak=peak, bound=peak, sets=looked)
        if looked == limit:
            return Found(order=None, peak=known, bound=peak, sets=looked)
        looked += 1
        for step in local.ready(done):
            during, more = local.change(step, done)
            reached = max(peak, held + during)
            if reached >= known:
                continue
            after, left, path = forced(local, done | 1 << step, held + more, reached)
            if reached < least.get(after, known):
                least[after] = reached
                came[after] = (done, (step, *path))
                heapq.heappush(queue, (reached, -after.bit_count(), after, left))
    return Found(order=None, peak=known, bound=known, sets=looked)


def forced(local: Local, done: int, held: int, reached: int) -> tuple[int, int, tuple[int, ...]]:
    """The set, its bytes and the steps, once all is done that costs nothing to do now."""
    path = []
    again = True
    while again:
        again = False
        for step in local.ready(done):
            during, more = local.change(step, done)
            if more <= 0 and held + during <= reached:
                done, held, again = done | 1 << step, held + more, True
                path.append(step)
    return done, held, tuple(path)


def _path(came: dict[int, tuple[int, tuple[int, ...]]], done: int) -> tuple[int, ...]:
    """The steps that led to a set."""
    parts = []
    while done != -1:
        done, steps = came[done]
        parts.append(steps)
    return tuple([step for steps in reversed(parts) for step in steps])
