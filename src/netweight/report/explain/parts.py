"""What a total is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from netweight.report.explain.shown import columns, noun, share
from netweight.results.profile import LayerRow
from netweight.units import Units, exact

_TOP = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One addend.

    Attributes:
        name: What it is: a layer, a kind of layer, a kind of operation, a tensor.
        about: What kind of thing that is.
        value: How much of the total.
    """

    name: str
    about: str
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """A total as a sum of parts.

    Attributes:
        title: What the parts are.
        unit: What is counted.
        value: The total.
        parts: The addends, largest first.
        shown: How many a text shows one by one.
    """

    title: str
    unit: str
    value: int
    parts: tuple[Part, ...]
    shown: int = 12

    def lines(self, units: Units) -> list[str]:
        """The largest parts with their shares, the rest summed, and the total."""
        head, rest = self.parts[: self.shown], self.parts[self.shown :]
        if len(rest) == 1:
            head, rest = self.parts, ()
        rows = [(part.name, part.about, exact(part.value, units=units), share(part.value, self.value)) for part in head]
        if rest:
            left = sum(part.value for part in rest)
            rows.append((f"({len(rest):,} more)", "", exact(left, units=units), share(left, self.value)))
        rows.append(("total", "", exact(self.value, units=units), self.unit))
        return ["", f"  {self.title}", *_with_unit(rows)]


def _with_unit(rows: list[tuple[str, str, str, str]]) -> list[str]:
    """Columns whose last line ends with a unit in the place of a share."""
    aligned = columns([row[:3] for row in rows], "    ", words=2)
    longest = max(len(row[3]) for row in rows[:-1]) if len(rows) > 1 else 0
    shares = [row[3].rjust(longest) for row in rows[:-1]]
    return [f"{line}  {text}" for line, text in zip(aligned, [*shares, rows[-1][3]], strict=True)]


def breakdown(
    title: str, unit: str, parts: Iterable[tuple[str, str, int]], *, total: int | None = None, shown: int = 12
) -> Breakdown:
    """Parts in order of size, those of nothing left out."""
    found = [Part(name=name, about=about, value=int(value)) for name, about, value in parts if value]
    found.sort(key=lambda part: -part.value)
    value = sum(part.value for part in found) if total is None else total
    return Breakdown(title=title, unit=unit, value=value, parts=tuple(found), shown=shown)


Amount = Callable[[LayerRow], int]


def by_layer(rows: Iterable[LayerRow], amount: Amount, unit: str) -> Breakdown:
    """Layer by layer, the dearest first."""
    return breakdown("the dearest layers", unit, ((row.layer, row.op, amount(row)) for row in rows), shown=_TOP)


def by_module(rows: Iterable[LayerRow], amount: Amount, unit: str) -> Breakdown:
    """By the outermost part of the network; no parts where layers are not in modules."""
    sums: dict[str, int] = {}
    nested = False
    for row in rows:
        part, inside, _ = row.layer.partition(".")
        nested = nested or bool(inside)
        sums[part] = sums.get(part, 0) + amount(row)
    return breakdown("by module", unit, ((part, "", value) for part, value in sums.items() if nested), shown=_TOP)


def by_kind(rows: Iterable[LayerRow], amount: Amount, unit: str) -> Breakdown:
    """By operator."""
    sums: dict[str, int] = {}
    layers: dict[str, int] = {}
    for row in rows:
        if value := amount(row):
            sums[row.op] = sums.get(row.op, 0) + value
            layers[row.op] = layers.get(row.op, 0) + 1
    return breakdown("by operator", unit, ((op, noun(layers[op], "layer"), value) for op, value in sums.items()))


def named_parts(parts: Mapping[str, int], words: Mapping[str, str]) -> Iterator[tuple[str, str, int]]:
    """Parts under the words for them."""
    return ((words.get(name, name.replace("_", " ")), "", value) for name, value in parts.items())
