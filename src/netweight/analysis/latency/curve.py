"""What a batch does to latency and throughput, and what two stages do."""

from __future__ import annotations

from collections.abc import Sequence

from netweight.results.latency import KernelLatency
from netweight.results.throughput import Point, Stages

ENOUGH = 0.9
"""Part of the largest throughput that the knee reaches."""


def knee(points: Sequence[Point]) -> int | None:
    """The smallest batch that reaches nine tenths of the largest throughput: a larger one mostly adds latency."""
    rates = [(point.batch, point.throughput_bound_per_second) for point in points]
    known = [(batch, rate) for batch, rate in rates if rate is not None]
    if not known or len(known) < len(rates):
        return None
    most = max(rate for _, rate in known)
    return next(batch for batch, rate in known if rate >= ENOUGH * most)


def two_stages(rows: Sequence[KernelLatency], batch: int) -> Stages | None:
    """The network cut where its halves take the most even time, kernel by kernel.

    Args:
        rows: Its kernels with their bounds.
        batch: Samples at once.
    """
    times = [row.bound_s for row in rows]
    busy = [at for at, seconds in enumerate(times) if seconds]
    known = [seconds for seconds in times if seconds is not None]
    if len(known) < len(times) or len(busy) < 2:
        return None
    whole, so_far = sum(known), 0.0
    best, first = busy[1], 0.0
    slowest = float("inf")
    for at, seconds in enumerate(known):
        if so_far and seconds and max(so_far, whole - so_far) < slowest:
            slowest, best, first = max(so_far, whole - so_far), at, so_far
        so_far += seconds
    return Stages(
        cut_before=rows[best].layer or rows[best].op,
        batch=batch,
        first_s=first,
        second_s=whole - first,
        latency_s=whole,
        throughput_per_second=batch / slowest,
    )
