"""Joules of a call: what a counter rose by while it ran, less what the idle machine takes; or why there are none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from netweight.metering.meter import Meter, Missing


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
) -> Taken | Missing:
    """Measures the idle machine, then calls; why there is no figure where the counter says nothing of the calls.

    Args:
        meter: The counter.
        turn: Calls for so many seconds, and says how often.
        seconds: How long each of the two is measured.
        clock: Says the time.
        sleep: Waits.
    """
    try:
        first, start = meter.read_j(), clock()
        sleep(seconds)
        idle_watts = (meter.read_j() - first) / (clock() - start)
        before, start = meter.read_j(), clock()
        calls = turn(seconds)
        spent, joules = clock() - start, meter.read_j() - before
    except OSError as error:
        return Missing(reason=f"{meter.name} cannot be read any more: {error}")
    if calls == 0:
        return Missing(reason=f"no call ended within {seconds:g} s")
    if joules <= 0:
        return Missing(reason=f"{meter.name} did not move in {spent:.1f} s")
    busy_watts = joules / spent
    if busy_watts <= idle_watts:
        return Missing(
            reason=f"the run took no more than the idle machine before it: {busy_watts:.1f} W and {idle_watts:.1f} W; "
            "other programs disturbed it, or it has to be longer"
        )
    return Taken(
        calls=calls,
        seconds=spent,
        energy_j=(joules - idle_watts * spent) / calls,
        idle_watts=idle_watts,
        busy_watts=busy_watts,
    )
