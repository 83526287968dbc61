"""Why layers or modules that a report shows as one line cost what they cost: the first of them, and the sums of all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from netweight.report.explain.layer import LayerExplanation
from netweight.report.explain.module import ModuleExplanation
from netweight.report.explain.shown import Explanation
from netweight.results.profile import LayerRow, ModuleRow
from netweight.units import Units

_MARKS = re.compile(r"( x[0-9]+)?( \+[0-9]+)?$")
_SPAN = re.compile(r"\[([0-9]+(?:,[0-9]+)*)(?:(?:-|\.\.)([0-9]+))?\]")
_FIGURES = {"params": "params", "macs": "MACs", "flops": "FLOPs", "activation_count": "activations"}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AlikeExplanation(Explanation):
    """Why blocks that a report shows as one line cost what they cost.

    Attributes:
        name: What the report calls the line: ``layer3.[1-5].conv2``.
        paths: The layers or modules that it stands for.
        sums: Their figures together, by name.
        first: The explanation of the first of them.
    """

    name: str
    paths: tuple[str, ...]
    sums: dict[str, int]
    first: LayerExplanation | ModuleExplanation

    def lines(self, units: Units, width: int | None) -> list[str]:
        """What all of them cost, then the first."""
        count = len(self.paths)
        together = ", ".join(f"{value:,} {_FIGURES[key]}" for key, value in self.sums.items())
        heading = f"{self.name} stands for {count}: {together}. The first is explained; the shares are its own."
        return [heading, "", *self.first.lines(units, width)]


def sums_of(rows: Iterable[LayerRow | ModuleRow]) -> dict[str, int]:
    """Figures of all rows together; those that are unknown count nothing."""
    found = list(rows)
    return {key: sum(int(getattr(row, key) or 0) for row in found) for key in _FIGURES}


def without_marks(name: str) -> str:
    """The name of a line without what says how many it stands for.

    >>> without_marks("conv1 x5 +2"), without_marks("conv1 +2"), without_marks("fc")
    ('conv1', 'conv1', 'fc')
    """
    return _MARKS.sub("", name)


def meant_by(name: str, known: Sequence[str]) -> tuple[str, ...]:
    """Which of the known paths a name with spans of numbers stands for.

    >>> meant_by("h.[0-2].fc", ["h.0.fc", "h.1.fc", "h.1.proj", "h.2.fc", "h.3.fc"])
    ('h.0.fc', 'h.1.fc', 'h.2.fc')
    >>> meant_by("h.[0,2..4]", ["h.0", "h.1", "h.2", "h.4"]), meant_by("relu_[0-1]", ["relu", "relu_1", "relu_2"])
    (('h.0', 'h.2', 'h.4'), ('relu', 'relu_1'))

    Args:
        name: As a table prints it.
        known: Paths of all layers or modules.
    """
    spans = [_numbers(found) for found in _SPAN.finditer(name)]
    if not spans:
        return ()
    texts = [re.escape(text) for text in _SPAN.sub("\0", name).split("\0")]
    pattern = re.compile("([0-9]+)".join(texts))
    found = ((path, pattern.fullmatch(path) or pattern.fullmatch(f"{path}_0")) for path in dict.fromkeys(known))
    return tuple(
        path
        for path, match in found
        if match and all(int(number) in span for number, span in zip(match.groups(), spans, strict=True))
    )


def _numbers(span: re.Match[str]) -> Sequence[int]:
    """``[1-4]``, ``[1,4]``, ``[0,2..8]`` and ``[3..20]`` as the numbers that they stand for."""
    numbers, last = [int(number) for number in span[1].split(",")], span[2]
    if last is None:
        return numbers
    step = numbers[1] - numbers[0] if len(numbers) > 1 else 1
    return range(numbers[0], int(last) + 1, max(step, 1))
