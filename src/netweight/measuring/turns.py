"""Measures several calls in turns, A B A B, so that what changes in the machine meets all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from netweight.measuring.statistics import is_warm

LEAST_CALLS = 10
"""Calls that are measured at least, however long one takes."""
MOST_WARM_S = 0.5
"""Part of the whole time that warming up may take at most."""


class Caller(Protocol):
    """Something that can be called again and again, in a process of its own."""

    def turn(self, seconds: float, most: int) -> list[float]:
        """Seconds of each of the calls of one turn, one at least."""


@dataclass
class Measured:
    """What has been measured of one caller.

    Attributes:
        times: Seconds of each call after the warm-up.
        warming: Seconds of each call of the warm-up.
        error: Why there are no more.
        complete: Whether it was measured to the end.
    """

    times: list[float] = field(default_factory=list)
    warming: list[float] = field(default_factory=list)
    error: Exception | None = None
    complete: bool = False


def in_turns(
    callers: Sequence[Caller], *, seconds: float, clock: Callable[[], float], found: Sequence[Measured]
) -> Iterator[tuple[int, Measured]]:
    """Measures each caller for so many seconds; what one raises ends its own measurement alone.

    Args:
        callers: What is measured.
        seconds: For each of them, warming up apart.
        clock: Says the time.
        found: Where each one's times are put: what is there stays when an interrupt ends the measurement.

    Yields:
        The caller whose turn is over, and what there is of it.
    """
    for at, caller in enumerate(callers):
        _warm(caller, found[at], seconds, clock)
        yield at, found[at]
    turns = 10
    spent = [0.0] * len(callers)
    while any(not _is_done(one, spent[at], seconds) for at, one in enumerate(found)):
        for at, caller in enumerate(callers):
            if _is_done(found[at], spent[at], seconds):
                continue
            start = clock()
            _add(caller, found[at].times, found[at], seconds / turns)
            spent[at] += clock() - start
            yield at, found[at]
    for one in found:
        one.complete = one.error is None


def _is_done(one: Measured, spent: float, seconds: float) -> bool:
    return one.error is not None or (spent >= seconds and len(one.times) >= LEAST_CALLS)


def _warm(caller: Caller, one: Measured, seconds: float, clock: Callable[[], float]) -> None:
    """Calls until they are warm, for a part of the time at most."""
    start = clock()
    while one.error is None and not is_warm(one.warming):
        if len(one.warming) >= 2 and clock() - start > MOST_WARM_S * seconds:
            return
        _add(caller, one.warming, one, 0.0)


def _add(caller: Caller, times: list[float], one: Measured, seconds: float) -> None:
    try:
        times.extend(caller.turn(seconds, 1 if seconds == 0 else 10**6))
    except Exception as error:  # one that fails does not end the others
        one.error = error
