"""The order of a segment that holds the least, by best-first search over the sets of steps that are done.

What is held after a set of steps does not depend on their order, so a set is met once. A step that fits below what is
reached anyway, and leaves no more than it found, is done at once: brought forward in any order, it makes none of the
other steps dearer.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import NamedTuple

from netweight.ordering.local import Local, members


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


class State(NamedTuple):
    """Where one is: the steps that are done, the bytes held, and the steps that can run next."""

    done: int
    held: int
    ready: int

    def then(self, local: Local, step: int, more: int) -> State:
        """Where one is after a step that leaves ``more`` bytes."""
        done = self.done | 1 << step
        return State(done, self.held + more, local.ready(step, done, self.ready))


def search(local: Local, *, enough: int, known: int, limit: int) -> Found:
    """The best order of a segment, if one is below ``known``.

    Args:
        local: The segment.
        enough: Bytes that are reached elsewhere or cannot be avoided: an order that needs no more is as good as any.
        known: Bytes of an order that is at hand.
        limit: Sets of steps to look at before it gives up.
    """
    every = (1 << len(local.before)) - 1
    start, path = forced(local, State(0, local.start, local.first()), enough)
    came: dict[int, tuple[int, tuple[int, ...]]] = {start.done: (-1, path)}
    least = {start.done: enough}
    queue = [(enough, -start.done.bit_count(), start)]
    looked = 0
    while queue:
        peak, _, state = heapq.heappop(queue)
        if peak > least[state.done]:
            continue
        if state.done == every:
            return Found(order=_path(came, every), peak=peak, bound=peak, sets=looked)
        if looked == limit:
            return Found(order=None, peak=known, bound=peak, sets=looked)
        looked += 1
        for step in members(state.ready):
            during, more = local.change(step, state.done)
            reached = max(peak, state.held + during)
            if reached >= known:
                continue
            after, path = forced(local, state.then(local, step, more), reached)
            if reached < least.get(after.done, known):
                least[after.done] = reached
                came[after.done] = (state.done, (step, *path))
                heapq.heappush(queue, (reached, -after.done.bit_count(), after))
    return Found(order=None, peak=known, bound=known, sets=looked)


def forced(local: Local, state: State, reached: int) -> tuple[State, tuple[int, ...]]:
    """Where one is, and by which steps, once all is done that costs nothing to do now."""
    path = []
    again = True
    while again:
        again = False
        for step in members(state.ready):
            during, more = local.change(step, state.done)
            if more <= 0 and state.held + during <= reached:
                state, again = state.then(local, step, more), True
                path.append(step)
    return state, tuple(path)


def _path(came: dict[int, tuple[int, tuple[int, ...]]], done: int) -> tuple[int, ...]:
    """The steps that led to a set."""
    parts = []
    while done != -1:
        done, steps = came[done]
        parts.append(steps)
    return tuple([step for steps in reversed(parts) for step in steps])
