"""Which of many numbers a share of them does not exceed."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil


def quantile(values: Iterable[float], share: float) -> float:
    """The smallest of the values that this share of them does not exceed: always one of them.

    >>> quantile([4.0, 1.0, 3.0, 2.0], 0.5), quantile([4.0, 1.0, 3.0, 2.0], 0.9), quantile([5.0], 0.0)
    (2.0, 4.0, 5.0)

    Args:
        values: One at least, in any order.
        share: 0 for the least, 0.5 for the median, 1 for the largest.
    """
    ordered = sorted(values)
    return ordered[max(ceil(share * len(ordered)), 1) - 1]
