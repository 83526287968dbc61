"""The best plan within bounds that are the same on every machine: placements tried, never seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netweight.placement.fast import compiled
from netweight.placement.greedy import best_greedy
from netweight.placement.lowest import improved, parts_of
from netweight.placement.problem import Buffer, Placement
from netweight.placement.restarts import Answer, fit_under

_QUICK = 200_000
"""Steps of lives that a quick search looks at: some tenths of a second."""
_LARGEST = 2_000
"""Buffers of one part that the search takes on."""


def best(
    buffers: Sequence[Buffer], *, capacity: int | None = None, nodes: int | None = None, seed: int = 1
) -> Placement:
    """The lowest plan found: the best greedy one, or one by exact search where that is not as low as the bound.

    >>> best([Buffer("a", 0, 2, 4), Buffer("b", 1, 3, 2), Buffer("c", 2, 4, 3)]).height
    6

    Args:
        buffers: What needs room.
        capacity: Bytes that are low enough; None for a plan that is proved the lowest, if one is found.
        nodes: Placements to try; None for as many as take some tenths of a second without Numba.
        seed: Of what the search draws at random.

    Raises:
        UsageError: If two buffers have one id, or pinned ones lie on each other.
    """
    plan = best_greedy(buffers)
    if plan.proved or not buffers or max(map(len, parts_of(buffers))) > _LARGEST:
        return plan
    engine: dict[str, Any] = {} if nodes is None else compiled()
    most = max(1, _QUICK // _cells(buffers)) if nodes is None else nodes

    def fits(part: Sequence[Buffer], ceiling: int, limit: int) -> Answer:
        return fit_under(part, ceiling, limit, seed, **engine)

    return improved(buffers, plan, fits, most, capacity)


def _cells(buffers: Sequence[Buffer]) -> int:
    """Steps of all lives, of those at which anything changes: what one placement looks at."""
    steps = sorted({buffer.lower for buffer in buffers} | {buffer.upper for buffer in buffers})
    at = {step: number for number, step in enumerate(steps)}
    return sum(at[buffer.upper] - at[buffer.lower] for buffer in buffers)
