"""How fast the machine is beside a measurement: a fixed piece of work, timed before and after it.

A processor that others share is not as fast from one second to the next, and its clock says nothing of it. What was
measured while it was slow is measured again, or else brought to the speed that the machine has undisturbed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Generic, TypeVar

from netweight.lazy import Array, np
from netweight.quantile import quantile

Found = TypeVar("Found")
Clock = Callable[[], float]

STEADY = 1.05
"""Times of the probe, over the undisturbed one, up to which the machine counts as undisturbed."""
SWINGS = 0.15
"""Swing of the speed above which a measurement is marked."""
_SIDE = 64
"""Products this small run on one thread whatever the library of NumPy is."""
_PRODUCTS = 200
_TRIES = 3
_UNDISTURBED = 0.1


@dataclass(frozen=True, slots=True)
class Visit(Generic[Found]):
    """What was measured among looks at the speed.

    Attributes:
        found: What was measured.
        looks_s: Seconds of the probe before, between and after.
    """

    found: Found
    looks_s: tuple[float, ...]


class Speed:
    """The speed of the machine, as often as it is looked at.

    Args:
        clock: What times the probe, the same that times what is measured.
        work: The probe.

    Attributes:
        clock: The same clock.
    """

    def __init__(self, clock: Clock, work: Callable[[], None] | None = None) -> None:
        self.clock, self._work = clock, work or products
        self._looks: list[float] = []

    def during(self, measure: Callable[[], Found]) -> Visit[Found]:
        """What ``measure`` returns, with looks at the speed before and after, and those that it takes itself."""
        first = len(self._looks)
        self.look()
        found = measure()
        self.look()
        return Visit(found, tuple(self._looks[first:]))

    def look(self) -> None:
        """Time the probe, the least of a few: what interrupts one only adds."""
        times = []
        for _ in range(_TRIES):
            start = self.clock()
            self._work()
            times.append(self.clock() - start)
        self._looks.append(min(times))

    def slowness(self, visit: Visit[Found]) -> float:
        """How much longer everything took then than it takes undisturbed: 1.3 for 30 %.

        The fastest of its looks says it, so that what was measured while the speed changed is never made less
        than it is undisturbed.
        """
        return self._part(min(visit.looks_s))

    def is_steady(self, visit: Visit[Found]) -> bool:
        """Whether it was measured undisturbed."""
        return self._part(max(visit.looks_s)) <= STEADY

    def _part(self, seconds: float) -> float:
        undisturbed = self.probe_s
        return seconds / undisturbed if undisturbed else 1.0

    def best(self, visits: Sequence[Visit[Found]]) -> list[Visit[Found]]:
        """Those that were measured undisturbed, or all of them if none was."""
        return [visit for visit in visits if self.is_steady(visit)] or list(visits)

    @property
    def probe_s(self) -> float:
        """Seconds of the probe undisturbed: one look in ten took less, so that no single lucky one decides."""
        return quantile(self._looks, _UNDISTURBED)

    @property
    def swing(self) -> float:
        """By what part the machine was slower in one look of ten: 0.3 for 30 %."""
        return self._part(quantile(self._looks, 1 - _UNDISTURBED)) - 1


def speed_of(threads: int) -> Speed:
    """That of this machine: by processor time where one thread runs, which other programs do not disturb."""
    return Speed(time.process_time if threads == 1 else time.perf_counter)


def swings(speed: Speed) -> tuple[str, ...]:
    """That the machine was not as fast at all times, in words; nothing if it was."""
    return (f"the machine slowed down by up to {100 * speed.swing:.0f} %",) if speed.swing > SWINGS else ()


def products() -> None:
    """The probe: about a millisecond of small products in a cache, of the kind that networks are made of."""
    left, right, out = _matrices()
    for _ in range(_PRODUCTS):
        np.matmul(left, right, out=out)


@cache
def _matrices() -> tuple[Array, Array, Array]:
    one = np.full((_SIDE, _SIDE), 0.5, np.float32)
    return one, one.copy(), np.empty_like(one)
