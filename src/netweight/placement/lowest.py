"""The lowest plan that can be found, and the highest bound that can be proved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from netweight.placement.board import unit_of
from netweight.placement.kernel import FOUND, IMPOSSIBLE
from netweight.placement.problem import Buffer, Placement
from netweight.placement.restarts import Answer

Fits = Callable[[Sequence[Buffer], int, int], Answer]
"""Whether buffers fit under a ceiling, with so many placements to try."""


def parts_of(buffers: Sequence[Buffer]) -> list[list[Buffer]]:
    """Buffers in groups that no lifetime connects: cut at every step that none lives across."""
    parts: list[list[Buffer]] = []
    reach = None
    for buffer in sorted(buffers, key=lambda buffer: buffer.lower):
        if reach is None or buffer.lower >= reach:
            parts.append([])
        parts[-1].append(buffer)
        reach = buffer.upper if reach is None or buffer.upper > reach else reach
    return parts


@dataclass(slots=True)
class _Hunt:
    """Between a bound and a plan, closer with every search.

    Attributes:
        plan: The best plan, with the best bound.
        nodes: Placements left to try.
        fits: How to try.
        unit: What sizes and places are multiples of.
    """

    plan: Placement
    nodes: int
    fits: Fits
    unit: int

    def ask(self, buffers: Sequence[Buffer], ceiling: int, most: int) -> int:
        """Try to stay under a ceiling; the plan, or the bound, is better after it unless it was stopped."""
        offsets = dict(self.plan.offsets)
        for part in sorted(parts_of(buffers), key=len):
            if all(offsets[buffer.id] + buffer.size <= ceiling for buffer in part):
                continue
            answer = self._ask_part(part, ceiling, most)
            self.nodes -= answer.nodes
            used = self.plan.nodes + answer.nodes
            self.plan = replace(self.plan, nodes=used)
            if answer.outcome != FOUND:
                if answer.outcome == IMPOSSIBLE:
                    self.plan = replace(self.plan, lower_bound=max(self.plan.lower_bound, ceiling + self.unit))
                return answer.outcome
            for buffer, offset in zip(part, answer.offsets, strict=True):
                offsets[buffer.id] = offset * self.unit
        height = max(offsets[buffer.id] + buffer.size for buffer in buffers)
        self.plan = replace(self.plan, offsets=offsets, height=height, method="search")
        return FOUND

    def _ask_part(self, part: Sequence[Buffer], ceiling: int, most: int) -> Answer:
        scaled = [
            replace(
                buffer,
                size=buffer.size // self.unit,
                alignment=max(1, buffer.alignment // self.unit),
                offset=None if buffer.offset is None else buffer.offset // self.unit,
            )
            for buffer in part
        ]
        return self.fits(scaled, ceiling // self.unit, min(most, self.nodes))


def improved(
    buffers: Sequence[Buffer], plan: Placement, fits: Fits, nodes: int, capacity: int | None = None
) -> Placement:
    """A plan that is lower, or one with a better bound; as it was where nothing was found.

    Args:
        buffers: What needs room.
        plan: A plan for them.
        fits: The search.
        nodes: Placements to try in all.
        capacity: A ceiling that is low enough; None to go on until the plan is proved the lowest.
    """
    solid = [buffer for buffer in buffers if buffer.size]
    if not solid or plan.proved or (capacity is not None and plan.height <= capacity):
        return plan
    unit = unit_of(solid)
    bound = max(plan.lower_bound, -(-plan.lower_bound // unit) * unit)
    hunt = _Hunt(replace(plan, lower_bound=min(bound, plan.height)), nodes, fits, unit)
    if capacity is not None:
        if capacity >= plan.lower_bound:
            hunt.ask(solid, capacity // unit * unit, nodes)
    else:
        _close_in(solid, hunt)
    return replace(hunt.plan, proved=hunt.plan.height <= hunt.plan.lower_bound)


def _close_in(buffers: Sequence[Buffer], hunt: _Hunt) -> None:
    """Ask at the bound; where that is too hard, halfway to the plan, and ever closer to one of both."""
    floor = hunt.plan.lower_bound - hunt.unit  # no plan is known to be impossible above it
    share = max(1, hunt.nodes // 8)
    ceiling = hunt.plan.lower_bound
    while hunt.nodes > 0 and floor + hunt.unit < hunt.plan.height and hunt.plan.lower_bound < hunt.plan.height:
        outcome = hunt.ask(buffers, ceiling, share)
        if outcome != FOUND:
            floor = ceiling
        steps = (hunt.plan.height - floor) // hunt.unit
        ceiling = floor + max(1, steps // 2) * hunt.unit
        if ceiling >= hunt.plan.height:
            break
