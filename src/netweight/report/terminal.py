"""Profile for a terminal, or as plain text of natural width: one layout, with or without colour."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from netweight.report.columns import COLUMNS
from netweight.report.escape import plain
from netweight.report.fit import Grid, Head, fitted
from netweight.report.summary import summary_line, totals_text
from netweight.report.table import Options, Row, Table, table_of
from netweight.report.wrap import wrapped
from netweight.results.profile import Profile

if TYPE_CHECKING:
    from rich.text import Text

_INDENT = "  "
_WIDE = 60  # columns from which figures stand below each other
_FEW = 3  # columns that are named twice
_STYLES = {"dear": "yellow", "plain": "", "nothing": "dim"}
_CODES = {"bold": "\x1b[1m", "yellow": "\x1b[33m", "dim": "\x1b[2m"}
_PLAIN = "\x1b[0m"


class Line(NamedTuple):
    """One line of the report; emphasis never carries meaning alone.

    Attributes:
        text: What it says.
        style: Bold for headings and totals, yellow for the dearest lines, dim for those that cost nothing.
    """

    text: str
    style: str = ""

    @property
    def bold(self) -> bool:
        """Whether it is a heading or a total."""
        return self.style == "bold"


def lines_of(profile: Profile, options: Options, *, width: int | None = None) -> Iterator[Line]:
    """Heading, table, totals, notes, summary.

    Args:
        profile: What to show.
        options: What the user wants to see.
        width: Drop columns and shorten names until the table is that wide at most, and wrap text; None for no limit.
    """
    inputs = ", ".join(f"{i.name} {'x'.join(map(str, i.shape))} {i.dtype}" for i in profile.model.inputs)
    yield from _text(f"{profile.model.name} ({profile.model.source}), input {inputs}", width, 2, "bold")
    yield Line("")
    yield from table_lines(table_of(profile, options, bars=True), width)
    yield Line("")
    totals = totals_text(profile, units=options.units)
    aligned = max(len(name) for name, _ in totals) if width is None or width >= _WIDE else 0
    for name, text in totals:
        yield from _text(f"{name:<{aligned}}  {text}", width, aligned + 2)
    for note in profile.notes:
        yield from _text(f"note: {note}", width, 6)
    yield Line("")
    if profile.fault is not None:
        from netweight.report.fault import fault_lines

        for line in fault_lines(profile.fault):
            yield from _text(line, width, 7)
        yield Line("")
    yield from _text(summary_line(profile, units=options.units), width, 2, "bold")


def to_text(profile: Profile, options: Options | None = None, *, width: int | None = None, color: bool = False) -> str:
    """The report as text; names from files cannot act on the terminal."""
    lines = ((plain(line.text).rstrip(), line.style) for line in lines_of(profile, options or Options(), width=width))
    return "".join(
        f"{_CODES[style]}{text}{_PLAIN}\n" if color and style and text else f"{text}\n" for text, style in lines
    )


def to_renderable(profile: Profile, options: Options | None = None) -> Text:
    """What rich prints for a profile."""
    from rich.text import Text

    lines = (Text(plain(line.text), style=line.style) for line in lines_of(profile, options or Options()))
    return Text("\n", no_wrap=True, overflow="ignore").join(lines)


def _text(text: str, width: int | None, indent: int, style: str = "") -> Iterator[Line]:
    return (Line(part, style) for part in wrapped(text, width, indent))


def table_lines(table: Table, width: int | None = None) -> Iterator[Line]:
    """The table, and what is not in it; columns are dropped until it is ``width`` characters wide at most."""
    grid = _grid(table)
    if width is not None:
        grid = fitted(grid, width, table.basis)
    styles = ["bold", *(_STYLES[row.weight] for row in table.tree), "bold"]
    yield from (Line(text, style) for text, style in zip(grid.lines(), styles, strict=True))
    for text in _missing(table, grid, width):
        yield from _text(text, width, 2)


def _grid(table: Table) -> Grid:
    """Names indented below their modules."""
    lines = tuple(_row(table, row) for row in table.tree)
    return Grid(keys=table.keys, numeric=table.numeric, rows=(table.titles, *lines, table.total))


def _row(table: Table, row: Row) -> tuple[str, ...] | Head:
    name = _INDENT * row.depth + row.name
    if row.line is None:
        return Head(name, row.kind)
    return (name, *table.lines[row.line][1:])


def _missing(table: Table, grid: Grid, width: int | None) -> Iterator[str]:
    """What is summed, closed or left out, and how to see it."""
    if table.joined:
        yield f"+N: {_layers(table.joined)} without MACs, summed into the lines beside; --all shows each"
    if table.hidden:
        yield f"closed to fit a screen: modules with {_layers(table.hidden)}; --all or --depth N opens them"
    dropped = [key for key in table.keys if key in grid.dropped and key != "bar"]
    if dropped:
        titles = ", ".join(COLUMNS[key].title for key in dropped)
        names = ",".join(dropped) if len(dropped) <= _FEW else "op,macs,..."
        yield f"left out at {width} columns: {titles} (--columns {names})"


def _layers(count: int) -> str:
    return f"{count:,} layer{'s' if count > 1 else ''}"
