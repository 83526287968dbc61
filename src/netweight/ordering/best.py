"""The order that holds the least: segment by segment, and only where a segment decides the peak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from netweight.ordering.bounds import footprint, unavoidable
from netweight.ordering.greedy import greedy
from netweight.ordering.local import Local, localize
from netweight.ordering.problem import Problem, alive, permuted
from netweight.ordering.search import Found, search
from netweight.ordering.segments import Segment, segments, windows

SETS = 20_000
"""Sets of steps that are looked at, in all segments together, unless the caller says otherwise."""

_WINDOW = 200
"""Sets that are looked at in one window of a segment that is too large to be searched as a whole."""


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
    found = _once(problem, limit, 0)
    if found.proved or all(part.whole for part in segments(problem)):
        return found
    again = _once(permuted(problem, found.order), limit, 1)
    return replace(
        again,
        order=tuple([found.order[step] for step in again.order]),
        given_peak=found.given_peak,
        bound=found.bound,
        sets=found.sets + again.sets,
    )


def _once(problem: Problem, limit: int, turn: int) -> Ordering:
    """The best order after each segment, or window of one, is looked at once."""
    given = alive(problem, problem.given)
    parts = windows(segments(problem), turn)
    locals_ = localize(problem, parts)
    known = [max(given[part.first : part.last + 1]) for part in parts]
    touched = footprint(problem)
    least = max([touched, *[unavoidable(local) for part, local in zip(parts, locals_, strict=True) if part.whole]])
    found = _dearest_first(parts, locals_, known, least, limit)
    order: list[int] = []
    for number, part in enumerate(parts):
        steps = found[number].order if number in found else None
        order += range(part.first, part.last + 1) if steps is None else [part.first + step for step in steps]
    return Ordering(
        order=tuple(order),
        peak=max([least, *[part.peak for part in found.values()]]),
        given_peak=max(given, default=0),
        bound=max([least, *[part.bound for part in found.values()]]),
        footprint=touched,
        sets=sum([part.sets for part in found.values()]),
    )


def _dearest_first(
    parts: Sequence[Segment], locals_: Sequence[Local], known: Sequence[int], enough: int, limit: int
) -> dict[int, Found]:
    """What was found in those segments that hold more than others cannot avoid."""
    looked: dict[int, Found] = {}
    for number in sorted(range(len(parts)), key=lambda n: (-known[n], n)):
        if known[number] <= enough:
            break
        part = parts[number]
        left = limit - sum([found.sets for found in looked.values()])
        if part.first == part.last:
            looked[number] = Found(order=None, peak=known[number], bound=known[number], sets=0)
        else:
            looked[number] = _improve(
                locals_[number], enough, known[number], left if part.whole else min(left, _WINDOW)
            )
        if not part.whole:
            looked[number] = replace(looked[number], bound=0)
        enough = max(enough, looked[number].peak)
    return looked


def _improve(local: Local, enough: int, known: int, limit: int) -> Found:
    """A better order of a segment than the one that stands, by looking one step ahead and then by search.

    What is enough may be no bound of this segment: one that is no more than that is given as 0.
    """
    tried, reached = greedy(local, enough)
    order = tried if reached < known else None
    known = min(known, reached)
    if known <= enough:
        return Found(order=order, peak=known, bound=0, sets=0)
    found = search(local, enough=enough, known=known, limit=limit)
    return replace(
        found,
        order=order if found.order is None else found.order,
        bound=found.bound if found.bound > enough else 0,
    )
