"""The order that holds the least: segment by segment, and only where a segment decides the peak."""

from __future__ import annotations

from dataclasses import dataclass

from netweight.ordering.bounds import footprint, unavoidable
from netweight.ordering.greedy import greedy
from netweight.ordering.local import Local, localize
from netweight.ordering.problem import Problem, alive
from netweight.ordering.search import search
from netweight.ordering.segments import segments

SETS = 20_000
"""Sets of steps that are looked at, in all segments together, unless the caller says otherwise."""

_GREEDY = 2_000
"""Steps of a segment up to which a greedy order is tried, whose time grows with their square."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    """The best order that was found.

    Attributes:
        order: The steps.
        peak: Bytes that it holds at the worst moment.
        given_peak: Bytes that the given order holds.
        bound: Bytes that no order can go below.
        footprint: Bytes that the dearest step touches.
        sets: Sets of steps that were looked at.
    """

    order: tuple[int, ...]
    peak: int
    given_peak: int
    bound: int
    footprint: int
    sets: int

    @property
    def proved(self) -> bool:
        """Whether no order holds less."""
        return self.peak == self.bound


def best_order(problem: Problem, *, limit: int = SETS) -> Ordering:
    """An order that holds as little as any, or says how far it may be from that.

    >>> from netweight.ordering.problem import Problem, Tensor
    >>> steps = ((), (), (0,), (1,), (2, 3))  # two large tensors, each made small by a step of its own
    >>> sizes = ((100, 0, (2,)), (100, 1, (3,)), (1, 2, (4,)), (1, 3, (4,)), (1, 4, ()))
    >>> tensors = tuple(Tensor(size=size, writer=writer, readers=readers) for size, writer, readers in sizes)
    >>> best_order(Problem(waits=steps, tensors=tensors)).order
    (0, 2, 1, 3, 4)

    Args:
        problem: Steps in an order that works.
        limit: Sets of steps to look at; the same limit finds the same order on every machine.
    """
    given = alive(problem, problem.given)
    parts = segments(problem)
    locals_ = localize(problem, parts)
    largest = footprint(problem)
    peaks = [max(given[part.first : part.last + 1]) for part in parts]
    bounds = [unavoidable(local) for local in locals_]
    bound = peak = max([largest, *bounds])
    order: list[int] = []
    sets = 0
    for part, local, known in zip(parts, locals_, peaks, strict=True):
        steps: tuple[int, ...] | None = None
        if known > peak and part.last > part.first:
            steps, known, least, looked = _improve(local, peak, known, limit - sets)
            sets += looked
            bound = max(bound, least)
        peak = max(peak, known)
        order += range(part.first, part.last + 1) if steps is None else [part.first + step for step in steps]
    return Ordering(
        order=tuple(order), peak=peak, given_peak=max(given, default=0), bound=bound, footprint=largest, sets=sets
    )


def _improve(local: Local, enough: int, known: int, limit: int) -> tuple[tuple[int, ...] | None, int, int, int]:
    """Steps, peak, a bound if one was found, and how many sets were looked at; no steps where they stay."""
    steps: tuple[int, ...] | None = None
    if len(local.before) <= _GREEDY:
        tried, reached = greedy(local, enough)
        if reached < known:
            steps, known = tried, reached
        if known <= enough:
            return steps, known, 0, 0
        found = search(local, enough=enough, known=known, limit=limit)
        least = found.bound if found.bound > enough else 0  # what is enough may be no bound of this segment
        return (steps if found.order is None else found.order), found.peak, least, found.sets
    return None, known, 0, 0
