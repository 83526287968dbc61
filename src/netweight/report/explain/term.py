"""What a word means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netweight.report.explain.shown import Explanation, prose
from netweight.units import Units


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Term(Explanation):
    """One word.

    Attributes:
        name: As the reports write it.
        subject: What it is about.
        meaning: One to three sentences.
        formula: How to compute it.
        example: Arithmetic with numbers: what it is about, a colon, and equations that hold.
        run: A command, or a few lines of Python, that show it.
        shows: Part of what that prints.
        beware: What other tools or papers do differently.
        see: Related terms.
        page: Where the documents say more.
        aliases: Other names of it, however they are written.
        written: Spellings that stand for it exactly as they are.
    """

    name: str
    subject: str
    meaning: str
    formula: str = ""
    example: str = ""
    run: str = ""
    shows: str = ""
    beware: str = ""
    see: tuple[str, ...] = ()
    page: str = ""
    aliases: tuple[str, ...] = ()
    written: tuple[str, ...] = ()

    def lines(self, _units: Units, width: int | None) -> list[str]:
        """The meaning, and below it formula, example, and where to go on."""
        lines = prose(f"{self.name}: {self.meaning}", width, 2)
        for title, text in self._parts():
            lines.extend(prose(f"  {title:<10}{text}", width, 12))
        return lines

    def _parts(self) -> Iterator[tuple[str, str]]:
        if self.formula:
            yield "formula", self.formula
        if self.example:
            yield "example", self.example
        if self.run:
            yield "try", self.run
        if self.beware:
            yield "beware", self.beware
        if self.see:
            yield "see also", ", ".join(self.see)
        if self.page:
            yield "read", self.page


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TermList(Explanation):
    """All words, by subject.

    Attributes:
        subjects: Names of the terms of each subject, under its title.
    """

    subjects: tuple[tuple[str, tuple[str, ...]], ...]

    def lines(self, _units: Units, width: int | None) -> list[str]:
        """A paragraph per subject, and how to ask."""
        lines = ["what can be explained"]
        for title, names in self.subjects:
            lines.extend(["", f"  {title}", *prose("    " + ", ".join(names), width, 4)])
        return [
            *lines,
            "",
            "  netweight explain TERM              one of these words",
            "  netweight explain alexnet           where the figures of a network come from",
            "  netweight explain alexnet conv1     a layer, with its own numbers",
            "  netweight explain alexnet peak      a total: params, size, macs, flops, peak, traffic, training",
            "  netweight explain op softplus       an operator: its rules, with file and line",
        ]
