"""Sums of figures that may be unknown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

Number = TypeVar("Number", int, float)


def known_sum(figures: Iterable[Number | None]) -> Number | None:
    """The sum, None if any of them is unknown; of none 0.

    >>> known_sum([1, 2]), known_sum([1, None]), known_sum([])
    (3, None, 0)
    """
    found = list(figures)
    known = [figure for figure in found if figure is not None]
    return sum(known) if len(known) == len(found) else None
