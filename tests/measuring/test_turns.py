"""Turns with a fake clock: who is called when, how long, and what an error or an interrupt leaves."""

from __future__ import annotations

import pytest

from netweight.measuring.turns import LEAST_CALLS, Measured, in_turns


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Fake:
    """Each call takes so long; the first ones longer."""

    def __init__(
        self, clock: Clock, name: str, takes: float, log: list[str], *, cold: int = 0, fails_at: int = 10**9
    ) -> None:
        self.clock, self.name, self.takes, self.log, self.cold, self.fails_at = clock, name, takes, log, cold, fails_at
        self.calls = 0

    def turn(self, seconds: float, most: int) -> list[float]:
        self.log.append(self.name)
        found: list[float] = []
        end = self.clock.now + seconds
        while True:
            if self.calls == self.fails_at:
                raise ValueError("broken")
            took = self.takes * (10 if self.calls < self.cold else 1)
            self.calls += 1
            self.clock.now += took
            found.append(took)
            if self.clock.now >= end or len(found) >= most:
                return found


def measured(fakes: list[Fake], clock: Clock, seconds: float) -> list[Measured]:
    found = [Measured() for _ in fakes]
    for _ in in_turns(fakes, seconds=seconds, clock=clock, found=found):
        pass
    return found


def test_callers_take_turns_and_cold_calls_are_not_measured() -> None:
    clock, log = Clock(), list[str]()
    fakes = [Fake(clock, "a", 0.01, log, cold=4), Fake(clock, "b", 0.02, log)]
    one, two = measured(fakes, clock, 2.0)
    assert set(one.times) == {0.01}
    assert set(two.times) == {0.02}
    assert one.warming[:4] == [0.1] * 4
    assert one.complete
    assert two.complete
    turns = log[log.index("b") + len(two.warming) :]
    assert turns[:6] == ["a", "b"] * 3
    assert 1.9 < sum(one.times) < 2.4
    assert 1.9 < sum(two.times) < 2.4


def test_a_slow_call_is_measured_often_enough() -> None:
    clock = Clock()
    (found,) = measured([Fake(clock, "a", 5.0, [])], clock, 1.0)
    assert len(found.times) == LEAST_CALLS
    assert len(found.warming) == 2


def test_one_that_fails_leaves_the_others_alone() -> None:
    clock = Clock()
    fakes = [
        Fake(clock, "a", 0.01, [], fails_at=40),
        Fake(clock, "b", 0.01, []),
        Fake(clock, "c", 0.01, [], fails_at=0),
    ]
    one, two, three = measured(fakes, clock, 1.0)
    assert isinstance(one.error, ValueError)
    assert one.times
    assert not one.complete
    assert two.complete
    assert two.error is None
    assert (three.times, three.complete) == ([], False)


def test_an_interrupt_leaves_what_was_measured() -> None:
    clock = Clock()
    found = [Measured()]

    class Interrupted(Fake):
        def turn(self, seconds: float, most: int) -> list[float]:
            if self.calls > 50:
                raise KeyboardInterrupt
            return super().turn(seconds, most)

    turns = in_turns([Interrupted(clock, "a", 0.01, [])], seconds=5.0, clock=clock, found=found)
    with pytest.raises(KeyboardInterrupt):
        for _ in turns:
            pass
    assert found[0].times
    assert not found[0].complete
