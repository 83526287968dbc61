"""Profile for a terminal, or as plain text of natural width: one layout, with or without colour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from netweight.report.escape import plain
from netweight.report.fault import fault_lines
from netweight.report.summary import summary_line, totals_text
from netweight.report.table import COLUMNS, Options, Table, table_of
from netweight.results.profile import Profile

if TYPE_CHECKING:
    from rich.text import Text

_GAP = "  "
_SHORTEST_NAME = 12
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the report; emphasis never carries meaning alone."""

    text: str
    bold: bool = False


def lines_of(profile: Profile, options: Options, *, width: int | None = None) -> Iterator[Line]:
    """Heading, table, totals, notes, summary.

    Args:
        profile: What to show.
        options: What the user wants to see.
        width: Drop columns and shorten names until the table is that wide at most; None for its natural width.
    """
    inputs = ", ".join(f"{i.name} {'x'.join(map(str, i.shape))} {i.dtype}" for i in profile.model.inputs)
    yield Line(f"{profile.model.name} ({profile.model.source}), input {inputs}", bold=True)
    yield Line("")
    table = table_of(profile, options)
    yield from _table_lines(table if width is None else _fitted(table, width, options.sort))
    yield Line("")
    totals = totals_text(profile, units=options.units)
    longest = max(len(name) for name, _ in totals)
    yield from (Line(f"{name:<{longest}}  {text}") for name, text in totals)
    yield from (Line(f"note: {note}") for note in profile.notes)
    yield Line("")
    if profile.fault is not None:
        yield from map(Line, (*fault_lines(profile.fault), ""))
    yield Line(summary_line(profile, units=options.units), bold=True)


def to_text(profile: Profile, options: Options | None = None, *, width: int | None = None, color: bool = False) -> str:
    """The report as text; names from files cannot act on the terminal."""
    lines = (
        (plain(line.text).rstrip(), line.bold and color)
        for line in lines_of(profile, options or Options(), width=width)
    )
    return "".join(f"{_BOLD}{text}{_PLAIN}\n" if bold and text else f"{text}\n" for text, bold in lines)


def to_renderable(profile: Profile, options: Options | None = None) -> Text:
    """What rich prints for a profile."""
    from rich.text import Text

    lines = (
        Text(plain(line.text), style="bold" if line.bold else "") for line in lines_of(profile, options or Options())
    )
    return Text("\n", no_wrap=True, overflow="ignore").join(lines)


def _table_lines(table: Table) -> Iterator[Line]:
    rows = (table.titles, *table.lines, table.total)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            cell.rjust(width) if numeric else cell.ljust(width)
            for cell, width, numeric in zip(row, widths, table.numeric, strict=True)
        )
        yield Line(_GAP.join(cells), bold=row is table.titles or row is table.total)


def _fitted(table: Table, width: int, sort: str | None) -> Table:
    """Columns dropped in a fixed order, then names shortened in the middle."""
    while _width(table) > width:
        removable = [key for key in table.keys[1:] if key != (sort or "macs")]
        if not removable:
            break
        table = _without(table, min(removable, key=lambda key: COLUMNS[key].keep))
    excess = _width(table) - width
    if excess > 0:
        room = max(_SHORTEST_NAME, max(len(line[0]) for line in (*table.lines, table.titles)) - excess)
        table = replace(table, lines=tuple((_shortened(line[0], room), *line[1:]) for line in table.lines))
    return table


def _width(table: Table) -> int:
    columns = zip(table.titles, table.total, *table.lines, strict=True)
    return sum(max(map(len, column)) + len(_GAP) for column in columns) - len(_GAP)


def _without(table: Table, key: str) -> Table:
    at = table.keys.index(key)

    def cut(cells: tuple[str, ...]) -> tuple[str, ...]:
        return (*cells[:at], *cells[at + 1 :])

    return Table(
        keys=cut(table.keys),
        titles=cut(table.titles),
        numeric=(*table.numeric[:at], *table.numeric[at + 1 :]),
        lines=tuple(map(cut, table.lines)),
        total=cut(table.total),
    )


def _shortened(name: str, room: int) -> str:
    if len(name) <= room:
        return name
    left = (room - 1) // 2
    return f"{name[:left]}…{name[len(name) - (room - 1 - left) :]}"
