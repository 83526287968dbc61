"""Where the figures of a whole network come from."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from netweight.report.explain.parts import Breakdown
from netweight.report.explain.shown import Explanation, named
from netweight.units import Units, exact, scaled


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TotalExplanation(Explanation):
    """Where a figure of the whole network comes from.

    Attributes:
        model: Name of the network.
        subject: Which figure: ``"macs"``, ``"peak"``, ...; ``"total"`` for all of them.
        value: The figure.
        unit: What it counts.
        says: What it is, in words.
        breakdowns: What it is made of, in several ways; each sums to its own total.
        layer: The layer that has most of it, or runs then.
        terms: Words that say more.
        given: What the network was called by who asked, if that is known.
    """

    model: str
    subject: str
    value: int
    unit: str
    says: tuple[str, ...]
    breakdowns: tuple[Breakdown, ...]
    layer: str = ""
    terms: tuple[str, ...] = ()
    given: str = ""

    def lines(self, units: Units, _width: int | None) -> list[str]:
        """The figure, what it is, and its parts with their shares."""
        lines = [f"{self.model}: {exact(self.value, units=units)} {self.unit}", *(f"  {text}" for text in self.says)]
        for part in self.breakdowns:
            lines.extend(part.lines(units))
        asked = [[self.given, self.layer]] * bool(self.given and self.layer) + [[term] for term in self.terms]
        return [*lines, *([""] if asked else []), *(f"  netweight explain {shlex.join(words)}" for words in asked)]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OverviewExplanation(Explanation):
    """All figures of a network, each with what it is mostly made of.

    Attributes:
        model: Name of the network.
        totals: One explanation per figure.
        given: What the network was called by who asked, if that is known.
    """

    model: str
    totals: tuple[TotalExplanation, ...]
    given: str = ""

    def lines(self, units: Units, _width: int | None) -> list[str]:
        """A line per figure."""
        lines = [f"{self.model}: where its figures come from", ""]
        lines.extend(named([(total.subject, _summary(total, units)) for total in self.totals]))
        if not self.given:
            return lines
        layers = [total.layer for total in self.totals if total.layer][:1]
        about = zip((self.totals[0].subject, *layers), ("one of them", "one layer"), strict=False)
        asked = [(shlex.join(("netweight", "explain", self.given, what)), text) for what, text in about]
        return [*lines, "", *named(asked)]


def _summary(total: TotalExplanation, units: Units) -> str:
    size = scaled(total.value, "B", units=units) if total.unit.startswith("bytes") else exact(total.value, units=units)
    if total.subject in ("peak", "training"):
        return f"{size} {total.unit.removeprefix('bytes ')}"
    unit = "" if total.unit == "bytes" else f" {total.unit}"
    if not total.breakdowns:
        return f"{size}{unit}"
    top = total.breakdowns[-1].parts[0]
    part = f"{100 * top.value / total.value:.3g} %" if total.value else "0 %"
    return f"{size}{unit}, {part} of them in {top.name} ({top.about})"
