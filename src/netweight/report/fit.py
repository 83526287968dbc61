"""A table of text as wide as the terminal at most."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from netweight.report.columns import COLUMNS
from netweight.report.width import head, left, right, tail, width_of

_GAP = "  "
_SHORTEST_NAME = 12
_USUAL_OP, _SHORTEST_OP = 12, 6


class Head(NamedTuple):
    """Line of an open module, which has no figures: it may reach into the columns behind its name."""

    name: str
    kind: str


class Grid(NamedTuple):
    """Cells of a table.

    Attributes:
        keys: Keys of the columns.
        numeric: Which columns are numbers.
        rows: Cells, line by line, the heading first and the total last.
        dropped: Keys of columns that did not fit.
    """

    keys: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...] | Head, ...]
    dropped: tuple[str, ...] = ()

    @property
    def widths(self) -> list[int]:
        """Of each column."""
        rows = [row for row in self.rows if not isinstance(row, Head)]
        return [max(map(width_of, column)) for column in zip(*rows, strict=True)]

    @property
    def width(self) -> int:
        """Of the whole."""
        return sum(self.widths) + len(_GAP) * (len(self.keys) - 1)

    def room(self, key: str, width: int) -> int:
        """What a column may take so that the whole has that width."""
        return width - self.width + self.widths[self.keys.index(key)]

    def lines(self) -> Iterator[str]:
        """Every row as text, columns below each other."""
        widths, width = self.widths, self.width
        for row in self.rows:
            if isinstance(row, Head):
                kind = row.kind if "op" in self.keys else ""
                line = f"{left(row.name, widths[0])}{_GAP}{kind}".rstrip()
                yield line if width_of(line) <= width else shortened(row.name, width)
                continue
            cells = zip(row, widths, self.numeric, strict=True)
            yield _GAP.join(right(cell, wide) if numeric else left(cell, wide) for cell, wide, numeric in cells)


def fitted(grid: Grid, width: int, kept: str) -> Grid:
    """The grid with less in it: the operators that are summed into others first, columns in a fixed order, names last.

    Args:
        grid: What to fit.
        width: Of the terminal.
        kept: Key of a column that stays, as the layer does.
    """
    if "op" in grid.keys:
        grid = _with_short_ops(grid, max(_USUAL_OP, grid.room("op", width)))
    while grid.width > width:
        removable = [key for key in grid.keys if key not in ("layer", kept)]
        if not removable:
            break
        least = min(removable, key=lambda key: COLUMNS[key].keep)
        shorter = least == "op" and grid.room("op", width) >= _SHORTEST_OP
        grid = _with_short_ops(grid, grid.room("op", width)) if shorter else _without(grid, least)
    excess = grid.width - width
    if excess > 0:
        room = max(_SHORTEST_NAME, grid.widths[0] - excess)
        grid = _changed(grid, "layer", lambda cell: shortened(cell, room))
    return grid


def _with_short_ops(grid: Grid, room: int) -> Grid:
    """Only the first operator of each line, if there is too little room for all of them."""
    if grid.widths[grid.keys.index("op")] <= room:
        return grid
    return _changed(grid, "op", lambda cell: _cut(cell.split(", ")[0], room))


def _changed(grid: Grid, key: str, change: Callable[[str], str]) -> Grid:
    at = grid.keys.index(key)
    rows = (row if isinstance(row, Head) else (*row[:at], change(row[at]), *row[at + 1 :]) for row in grid.rows)
    return grid._replace(rows=tuple(rows))


def _without(grid: Grid, key: str) -> Grid:
    at = grid.keys.index(key)

    def cut(cells: Sequence[str]) -> tuple[str, ...]:
        return (*cells[:at], *cells[at + 1 :])

    return Grid(
        keys=cut(grid.keys),
        numeric=(*grid.numeric[:at], *grid.numeric[at + 1 :]),
        rows=tuple(row if isinstance(row, Head) else cut(row) for row in grid.rows),
        dropped=(*grid.dropped, key),
    )


def shortened(name: str, room: int) -> str:
    """Cut in the middle, so that its end, and what it is indented by, stay."""
    if width_of(name) <= room:
        return name
    begin = (room - 1) // 2
    return f"{head(name, begin)}…{tail(name, room - 1 - begin)}"


def _cut(word: str, room: int) -> str:
    return word if width_of(word) <= room else f"{head(word, room - 1)}…"
