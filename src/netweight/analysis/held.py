"""Bytes of what a program makes of no input, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate

from netweight.ir.graph import Temporary


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes of temporaries.

    Attributes:
        over: While each step runs.
        before: The most between the step before and each step.
    """

    over: list[int]
    before: list[int]

    @staticmethod
    def of(temporaries: Iterable[Temporary], steps: int) -> Held:
        """These temporaries over so many steps."""
        change, before = [0] * (steps + 1), [0] * steps
        for one in temporaries:
            if one.last >= one.first:
                change[min(one.first, steps)] += one.nbytes
                change[min(one.last + 1, steps)] -= one.nbytes
            elif one.first < steps:
                before[one.first] += one.nbytes
        over = list(accumulate(change[:steps]))
        return Held(over, [lasting + brief for lasting, brief in zip(over, before, strict=True)])


@dataclass(frozen=True, slots=True)
class Moments:
    """When temporaries come and go, by their names.

    Attributes:
        made: Before which step they are made.
        brief: Those that are gone before that step, by the step.
        freed: After which step the others are let go of.
    """

    made: dict[int, list[str]]
    brief: dict[int, list[str]]
    freed: dict[int, list[str]]

    @staticmethod
    def of(temporaries: Mapping[str, Temporary]) -> Moments:
        """Moments of these temporaries."""
        found = Moments({}, {}, {})
        for name, one in temporaries.items():
            found.made.setdefault(one.first, []).append(name)
            goes = (
                found.brief.setdefault(one.first, []) if one.last < one.first else found.freed.setdefault(one.last, [])
            )
            goes.append(name)
        return found

    def left(self, steps: int) -> list[str]:
        """Those that are held to the end of so many steps, and were made before."""
        return [name for step, names in self.freed.items() if step >= steps for name in names]
