"""What an operator does, and where that is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from netweight.report.explain.curve import curve_lines
from netweight.report.explain.shown import Explanation, fitted, named
from netweight.units import Units


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One of the functions that say what an operator is.

    Attributes:
        name: Which: ``"shape"``, ``"cost"``, ``"forward"``, ``"backward"``, ``"backward cost"``.
        says: What it says of itself.
        place: File and line.
        code: Its text, where it is short.
    """

    name: str
    says: str
    place: str
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OperatorExplanation(Explanation):
    """What an operator does, and where that is written.

    Attributes:
        name: Name in the table.
        kind: Sort of operator.
        says: What it gives.
        counted: How its work is counted.
        inputs: Its tensors.
        settings: Its settings, with what they mean.
        place: File and line at which it is defined.
        rules: Its rules.
        keeps: What the gradients read: kept from forward to backward.
        view: Whether its output shares the memory of its input.
        elsewhere: What it is called in PyTorch and in ONNX.
        curve: Of an activation function x, its value and its gradient, from left to right.
    """

    name: str
    kind: str
    says: str
    counted: str
    inputs: tuple[str, ...]
    settings: tuple[tuple[str, str], ...]
    place: str
    rules: tuple[Rule, ...]
    keeps: tuple[str, ...]
    view: bool
    elsewhere: tuple[tuple[str, str], ...]
    curve: tuple[tuple[float, float, float], ...] = ()

    fits: ClassVar[bool] = True

    def lines(self, _units: Units, width: int | None) -> list[str]:
        """What it is, then rule by rule what that says and where it is; lines of programs are as they are."""
        drawn = ["", *(f"  {line}" for line in curve_lines(self.curve))] if self.curve else []
        return [*self._head(width), *drawn, *(line for rule in self.rules for line in _lines_of(rule, width))]

    def _head(self, width: int | None) -> list[str]:
        lines = [f"{self.name}: {self.says}" if self.says else self.name, *named([*self._facts()])]
        if self.settings:
            lines.extend(["", "  settings", *named(self.settings, "    ")])
        return [part for line in lines for part in fitted(line, width)]

    def _facts(self) -> Iterator[tuple[str, str]]:
        yield "kind", self.kind
        yield "inputs", ", ".join(self.inputs)
        yield from self.elsewhere
        if self.counted:
            yield "work", self.counted
        yield "kept for backward", ", ".join(self.keeps) or "nothing"
        if self.view:
            yield "memory", "a view: no memory of its own, no traffic"
        yield "defined in", self.place


def _lines_of(rule: Rule, width: int | None) -> list[str]:
    said = fitted(f"    {rule.says}", width) if rule.says else []
    code = ["", *(f"    {line}" for line in rule.code.splitlines())] if rule.code else []
    return ["", f"  {rule.name}, {rule.place}", *said, *code]
