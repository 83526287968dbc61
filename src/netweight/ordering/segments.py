"""Where an order may be cut: a step that all others wait for, or it for them, has its place in every order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netweight.ordering.problem import Problem

LARGE = 1_000
"""Steps from which on a segment is too large to be looked at as a whole."""

WINDOW = 64
"""Steps of a window of such a segment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Steps that stand together in every order; only among themselves can they be exchanged.

    Attributes:
        first: The first step.
        last: The last.
        whole: Whether it is the whole of them; if not, there are better orders than those that it has by itself.
    """

    first: int
    last: int
    whole: bool = True


def segments(problem: Problem) -> tuple[Segment, ...]:
    """The steps, cut wherever every order has the same steps before and after.

    A step is fixed if each before it leads to it, and each after it comes from it. In an order that works this is so
    where no step before it is needed for the first time only after it, and no step after it waits only for earlier
    ones. Linear in steps and what they wait for.
    """
    count = len(problem.waits)
    needed_first = [count] * count
    for step, before in enumerate(problem.waits):
        for other in before:
            needed_first[other] = min(needed_first[other], step)
    waits_last = [max(before, default=-1) for before in problem.waits]
    comes_from = [True] * count
    nearest = count
    for step in reversed(range(count)):
        comes_from[step] = nearest >= step
        nearest = min(nearest, waits_last[step])
    found = []
    first = furthest = 0
    for step in range(count):
        if comes_from[step] and furthest <= step:
            if first < step:
                found.append(_segment(first, step - 1))
            found.append(Segment(first=step, last=step))
            first = step + 1
        furthest = max(furthest, needed_first[step])
    if first < count:
        found.append(_segment(first, count - 1))
    return tuple(found)


def _segment(first: int, last: int) -> Segment:
    return Segment(first=first, last=last, whole=last - first < LARGE)


def windows(parts: Sequence[Segment], turn: int) -> tuple[Segment, ...]:
    """The segments, those that are too large to be searched cut into windows of neighbouring steps.

    Args:
        parts: The segments.
        turn: In odd turns the windows lie over the cuts of the even ones.
    """
    found: list[Segment] = []
    for part in parts:
        if part.whole:
            found.append(part)
            continue
        starts = [part.first, *range(part.first + WINDOW - turn % 2 * WINDOW // 2, part.last + 1, WINDOW)]
        ends = [start - 1 for start in starts[1:]] + [part.last]
        found += [Segment(first=first, last=last, whole=False) for first, last in zip(starts, ends, strict=True)]
    return tuple(found)
