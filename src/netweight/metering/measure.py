"""Joules of a call: what a counter rose by while it ran, less what the idle machine takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from netweight.metering.meter import Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What calls took.

    Attributes:
        calls: How many.
        seconds: How long.
        energy_j: Joules of one call, the idle machine's taken off.
        idle_watts: Of the machine before.
        busy_watts: Of the machine meanwhile.
    """

    calls: int
    seconds: float
    energy_j: float
    idle_watts: float
    busy_watts: float


def taken(
    meter: Meter,
    turn: Callable[[float], int],
    *,
    seconds: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Taken:
    """Measures the idle machine, then calls.

    Args:
        meter: The counter.
        turn: Calls for so many seconds, and says how often.
        seconds: How long each of the two is measured.
        clock: Says the time.
        sleep: Waits.
    """
    first, start = meter.read_j(), clock()
    sleep(seconds)
    idle_watts = (meter.read_j() - first) / (clock() - start)
    before, start = meter.read_j(), clock()
    calls = turn(seconds)
    spent, joules = clock() - start, meter.read_j() - before
    return Taken(
        calls=calls,
        seconds=spent,
        energy_j=(joules - idle_watts * spent) / calls,
        idle_watts=idle_watts,
        busy_watts=joules / spent,
    )
