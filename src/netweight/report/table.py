"""Profile to a table of text: columns, lines and a total. Every format prints this one, so none can disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from netweight.errors import UsageError
from netweight.report.columns import COLUMNS, Column, column_key, sort_key
from netweight.report.entries import Entry, sum_of
from netweight.report.shapes import shape_text
from netweight.report.shares import Weight, weight_of, with_shares
from netweight.results.profile import Profile
from netweight.units import Units

if TYPE_CHECKING:  # a sentence alone needs no outline
    from netweight.report.outline import Item, Outline

__all__ = ["COLUMNS", "Options", "Row", "Table", "shape_text", "table_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user wants to see.

    Attributes:
        columns: Names of columns; the layer always comes first, the share right behind what it is a share of.
        depth: Sum modules at this depth; None for as many as fit a screen.
        fold: Show runs of equal blocks once, and close the cheapest modules where more than a screen would be shown.
        every: Show every layer in a line of its own, also those that cost nothing.
        sort: Column of numbers to order by, largest first; None for execution order.
        top: Show that many lines and sum the rest.
        units: How sizes are written.
    """

    columns: tuple[str, ...] = ("op", "settings", "output", "params", "macs", "share", "activations", "field")
    depth: int | None = None
    fold: bool = True
    every: bool = False
    sort: str | None = None
    top: int | None = None
    units: Units = "si"

    def check(self) -> None:
        """Refuse what no table can show, before anything is weighed.

        Raises:
            UnknownNameError: If a column is not one of ``COLUMNS``.
            UsageError: If ``sort`` is not a number, or ``top`` or ``depth`` is not positive.
        """
        for key in self.columns:
            column_key(key)
        if self.sort is not None:
            sort_key(self.sort)
        for name in ("top", "depth"):
            limit = getattr(self, name)
            if limit is not None and limit < 1:
                raise UsageError(f"{name}: expected at least 1, got {limit}")


class Row(NamedTuple):
    """A line of the table as a tree.

    Attributes:
        depth: How far its name is indented.
        name: Name within the module above.
        line: Which of the table's lines has its figures; None for an open module, whose lines are below it.
        kind: Class of an open module.
        weight: Whether it is among the dearest, or costs nothing.
    """

    depth: int
    name: str
    line: int | None
    kind: str = ""
    weight: Weight = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Text, cell by cell.

    Attributes:
        keys: Keys of the columns.
        titles: Headings.
        numeric: Which columns are numbers.
        lines: One per entry, under its whole path.
        entries: What the lines are made of.
        total: Sum of the lines.
        tree: The lines under the names of their modules.
        basis: Key of the column that lines are sorted by, or else that shares are of.
        hidden: Layers in modules that are closed so that all fits a screen.
        joined: Layers that are summed into the line of another.
    """

    keys: tuple[str, ...]
    titles: tuple[str, ...]
    numeric: tuple[bool, ...]
    lines: tuple[tuple[str, ...], ...]
    entries: tuple[Entry, ...]
    total: tuple[str, ...]
    tree: tuple[Row, ...]
    basis: str
    hidden: int
    joined: int


def table_of(profile: Profile, options: Options, *, bars: bool = False) -> Table:
    """The table that every format prints.

    Args:
        profile: What was weighed.
        options: What the user wants to see.
        bars: Draw the shares, in a last column, where there are any.

    Raises:
        UsageError: As ``Options.check``.
    """
    options.check()
    sort = None if options.sort is None else sort_key(options.sort)
    basis = _basis(profile, sort)
    outline = _outline(profile, options, sort, basis)
    shown = _chosen(outline.items, sort, options.top)
    entries = with_shares([item.entry for item in shown if item.entry is not None], COLUMNS[basis].figure or basis)
    shared = any(entry.share for entry in entries)
    keys = tuple(key for key in _keys(options.columns, basis, bars=bars) if _says(key, entries, options))
    columns = [COLUMNS[key] for key in keys]
    total = replace(sum_of(entries, "total"), share=1.0 if shared else None)
    return Table(
        keys=keys,
        titles=tuple(column.title for column in columns),
        numeric=tuple(column.numeric for column in columns),
        lines=tuple(_cells(entry, columns, options.units) for entry in entries),
        entries=tuple(entries),
        total=tuple(
            column.text(total, options.units) if column.numeric or key == "layer" else ""
            for key, column in zip(keys, columns, strict=True)
        ),
        tree=_rows(shown, entries),
        basis=sort or basis,
        hidden=outline.hidden,
        joined=outline.joined,
    )


def _outline(profile: Profile, options: Options, sort: str | None, basis: str) -> Outline:
    from netweight.report.outline import outline_of

    folds = options.fold and not options.every
    crowded = folds and options.depth is None and sort is None and options.top is None
    return outline_of(
        profile,
        depth=options.depth,
        fold=options.fold,
        every=options.every,
        fit=COLUMNS[basis].figure if crowded else None,
        sort=None if sort is None else COLUMNS[sort].figure,
    )


def _basis(profile: Profile, sort: str | None) -> str:
    """Key of what shares are of: what is sorted by, MACs, or where there are none parameters."""
    if sort is not None and COLUMNS[sort].figure is not None:
        return sort
    return "macs" if profile.totals.macs else "params"


def _keys(names: Sequence[str], basis: str, *, bars: bool) -> tuple[str, ...]:
    """The layer first, each once, and the share behind what it is a share of."""
    keys = list(dict.fromkeys(("layer", *map(column_key, names))))
    if "share" in keys and basis in keys:
        keys.remove("share")
        keys.insert(keys.index(basis) + 1, "share")
    if "share" in keys and "bar" not in keys and bars:
        keys.append("bar")
    return tuple(keys)


def _says(key: str, entries: Sequence[Entry], options: Options) -> bool:
    """Whether a column was asked for, or has anything in it."""
    if key in ("share", "bar"):
        return any(entry.share for entry in entries)
    asked = options.columns != Options().columns or COLUMNS[key].numeric
    return asked or any(COLUMNS[key].text(entry, options.units) for entry in entries)


def _cells(entry: Entry, columns: Sequence[Column], units: Units) -> tuple[str, ...]:
    return tuple(column.text(entry, units) for column in columns)


def _chosen(items: Sequence[Item], sort: str | None, top: int | None) -> list[Item]:
    """Sorted and cut, the rest as one line so that the lines still add up to the total."""
    shown = list(items)
    if sort is not None:
        order = COLUMNS[sort].order or (lambda _entry: 0)
        found = [(item.entry, item) for item in items if item.entry is not None]
        found.sort(key=lambda pair: -order(pair[0]))
        shown = [item._replace(depth=0, name=entry.label + entry.marks) for entry, item in found]
    lines = [at for at, item in enumerate(shown) if item.entry is not None]
    if top is not None and len(lines) > top:
        rest = [entry for at in lines[top:] if (entry := shown[at].entry)]
        name = f"({len(rest)} more)"
        from netweight.report.outline import Item

        shown = [*shown[: lines[top - 1] + 1], Item(depth=0, name=name, entry=sum_of(rest, name), kind="")]
    return shown


def _rows(items: Sequence[Item], entries: Sequence[Entry]) -> tuple[Row, ...]:
    rows, line = [], 0
    for item in items:
        if item.entry is None:
            rows.append(Row(depth=item.depth, name=item.name, line=None, kind=item.kind))
        else:
            rows.append(Row(depth=item.depth, name=item.name, line=line, weight=weight_of(entries[line])))
            line += 1
    return tuple(rows)
