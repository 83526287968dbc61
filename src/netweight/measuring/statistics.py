"""What is said of many times of the same call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from netweight.quantile import quantile

WINDOW = 5
"""Calls whose median is one point of a warm-up."""
STABLE = 0.03
"""Part by which two windows in a row may differ when a call is warm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Times of a call.

    Attributes:
        count: How many there are.
        least_s: The shortest.
        p50_s: Half of them took this or less.
        p90_s: Nine of ten took this or less: single-stream latency, as MLPerf has it.
        p99_s: Ninety-nine of a hundred took this or less; with fewer than that the longest.
        iqr: From the first to the third quarter, as a part of the median.
    """

    count: int
    least_s: float
    p50_s: float
    p90_s: float
    p99_s: float
    iqr: float


def spread(times: Sequence[float]) -> Spread:
    """What there is to say of times.

    Args:
        times: Seconds, one at least.
    """
    ordered = sorted(times)
    middle = quantile(ordered, 0.5)
    quarters = quantile(ordered, 0.75) - quantile(ordered, 0.25)
    return Spread(
        count=len(ordered),
        least_s=ordered[0],
        p50_s=middle,
        p90_s=quantile(ordered, 0.9),
        p99_s=quantile(ordered, 0.99),
        iqr=quarters / middle if middle else 0.0,
    )


def is_warm(times: Sequence[float]) -> bool:
    """Whether calls have stopped to get faster: the medians of the last two windows are alike, or the last is higher.

    Args:
        times: Seconds of all calls so far.
    """
    if len(times) < 2 * WINDOW:
        return False
    before, last = median(times[-2 * WINDOW : -WINDOW]), median(times[-WINDOW:])
    return last >= before * (1 - STABLE)
