"""Quantile of a few times."""

from __future__ import annotations

from collections.abc import Sequence


def quantile(values: Sequence[float], share: float) -> float:
    """What that share of the values lies below, by a straight line between neighbours.

    >>> quantile([3.0, 1.0, 2.0, 10.0], 0.5), quantile([3.0, 1.0, 2.0, 10.0], 0.0)
    (2.5, 1.0)

    Args:
        values: At least one.
        share: 0 for the least, 0.5 for the median, 1 for the largest.
    """
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
