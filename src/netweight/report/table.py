"""Profile to a table of text: columns, lines and a total. Every format prints this one, so none can disagree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from netweight.errors import UsageError, unknown_name
from netweight.report.entries import NUMBERS, Entry, Shapes, entries_of, sum_of
from netweight.results.profile import Profile
from netweight.units import Units, exact, scaled


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column.

    Attributes:
        title: Heading.
        text: Text of an entry's cell.
        keep: How long it stays when a terminal is narrow: the lowest goes first.
        figure: Name of the figure that it shows; None for words, which are neither summed nor sorted by.
    """

    title: str
    text: Callable[[Entry, Units], str]
    keep: int
    figure: str | None = None

    @property
    def numeric(self) -> bool:
        """Whether it is aligned to the right, summed and sortable."""
        return self.figure is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user wants to see.

    Attributes:
        columns: Keys of ``COLUMNS``; the layer always comes first.
        depth: Sum modules at this depth; None for every layer.
        fold: Show runs of equal blocks once.
        sort: Numeric column to order by, largest first; None for execution order.
        top: Show that many lines and sum the rest.
        units: How sizes are written.
    """

    columns: tuple[str, ...] = ("op", "output", "params", "macs", "activations", "rf")
    depth: int | None = None
    fold: bool = False
    sort: str | None = None
    top: int | None = None
    units: Units = "si"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Text, cell by cell.

    Attributes:
        keys: Keys of the columns.
        titles: Headings.
        numeric: Which columns are numbers.
        lines: One per entry.
        total: Sum of the lines.
    """

    keys: tuple[str, ...]
    titles: tuple[str, ...]
    numeric: tuple[bool, ...]
    lines: tuple[tuple[str, ...], ...]
    total: tuple[str, ...]


def shape_text(shapes: Shapes) -> str:
    """Sizes joined by x, tensors by a comma; many tensors by their number."""
    if len(shapes) > 3:
        return f"{len(shapes)} tensors"
    return ", ".join("x".join(map(str, shape)) or "scalar" for shape in shapes)


def _figure(title: str, figure: str, keep: int) -> Column:
    """A column of numbers: bytes with their unit, others in full."""

    def count(entry: Entry, units: Units) -> str:
        value = entry.numbers[figure]
        return "?" if value is None else exact(value, units=units)

    def size(entry: Entry, units: Units) -> str:
        value = entry.numbers[figure]
        return "?" if value is None else scaled(value, "B" if units != "raw" else "", units=units)

    return Column(title=title, text=size if "bytes" in figure else count, keep=keep, figure=figure)


def _field_text(entry: Entry, _units: Units) -> str:
    field = entry.receptive_field
    if not field:
        return ""
    return str(field[0]) if len(set(field)) == 1 else "x".join(map(str, field))


def _label_text(entry: Entry, _units: Units) -> str:
    return entry.label if entry.repeat == 1 else f"{entry.label} x{entry.repeat}"


_NAMED: dict[str, Column] = {
    "layer": Column(title="layer", text=_label_text, keep=100),
    "op": Column(title="op", text=lambda entry, _: entry.op, keep=30),
    "kind": Column(title="kind", text=lambda entry, _: entry.kind, keep=20),
    "dtype": Column(title="dtype", text=lambda entry, _: entry.dtype, keep=15),
    "weights": Column(title="weights", text=lambda entry, _: entry.weight_dtype, keep=16),
    "input": Column(title="input", text=lambda entry, _: shape_text(entry.input_shapes), keep=10),
    "output": Column(title="output", text=lambda entry, _: shape_text(entry.output_shapes), keep=40),
    "rf": Column(title="field", text=_field_text, keep=5),
    "params": _figure("params", "params", 80),
    "params_no_bias": _figure("params no bias", "params_no_bias", 50),
    "macs": _figure("MACs", "macs", 90),
    "flops": _figure("FLOPs", "flops", 70),
    "ops": _figure("OPs", "ops_total", 60),
    "activations": _figure("activations", "activation_count", 60),
    "activation_bytes": _figure("act. size", "activation_bytes", 45),
    "size": _figure("size", "model_size_bytes", 45),
    "read": _figure("read", "bytes_read", 25),
    "written": _figure("written", "bytes_written", 25),
}
_SHOWN = {column.figure for column in _NAMED.values()}

COLUMNS: dict[str, Column] = _NAMED | {name: _figure(name, name, 20) for name in NUMBERS if name not in _SHOWN}
"""Every column by its key; figures without a name of their own go by that of the schema."""


def table_of(profile: Profile, options: Options) -> Table:
    """The table that every format prints.

    Raises:
        UnknownNameError: If a column is not one of ``COLUMNS``.
        UsageError: If ``sort`` is not a number, or ``top`` or ``depth`` is not positive.
    """
    keys = ("layer", *(key for key in options.columns if key != "layer"))
    for key in (*keys, *(() if options.sort is None else (options.sort,))):
        if key not in COLUMNS:
            raise unknown_name("column", key, COLUMNS, fix=f"known: {', '.join(COLUMNS)}")
    for name in ("top", "depth"):
        limit = getattr(options, name)
        if limit is not None and limit < 1:
            raise UsageError(f"{name}: expected at least 1, got {limit}")
    entries = entries_of(profile, depth=options.depth, fold=options.fold and options.sort is None)
    shown = _chosen(entries, options)
    columns = [COLUMNS[key] for key in keys]
    total = sum_of(shown, "total")
    return Table(
        keys=keys,
        titles=tuple(column.title for column in columns),
        numeric=tuple(column.numeric for column in columns),
        lines=tuple(tuple(column.text(entry, options.units) for column in columns) for entry in shown),
        total=tuple(
            column.text(total, options.units) if column.numeric or column.title == "layer" else "" for column in columns
        ),
    )


def _chosen(entries: Sequence[Entry], options: Options) -> list[Entry]:
    """Sorted and cut, the rest as one line so that the lines still add up to the total."""
    shown = list(entries)
    if options.sort is not None:
        figure = COLUMNS[options.sort].figure
        if figure is None:
            raise UsageError(f"sort: expected a numeric column, got {options.sort!r}")
        shown.sort(key=lambda entry: -(entry.numbers[figure] or 0))
    if options.top is not None and len(shown) > options.top:
        rest = shown[options.top :]
        shown = [*shown[: options.top], sum_of(rest, f"({len(rest)} more)")]
    return shown
