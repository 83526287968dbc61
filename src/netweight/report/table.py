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
        numeric: Whether it is aligned to the right, summed and sortable.
        keep: How long it stays when a terminal is narrow: the lowest goes first.
    """

    title: str
    text: Callable[[Entry, Units], str]
    numeric: bool
    keep: int


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


def _number(name: str) -> Callable[[Entry, Units], str]:
    def text(entry: Entry, units: Units) -> str:
        value = entry.numbers[name]
        return "?" if value is None else exact(value, units=units)

    return text


def _bytes(name: str) -> Callable[[Entry, Units], str]:
    return lambda entry, units: scaled(entry.numbers[name] or 0, "B" if units != "raw" else "", units=units)


def _field_text(entry: Entry, _units: Units) -> str:
    field = entry.receptive_field
    if not field:
        return ""
    return str(field[0]) if len(set(field)) == 1 else "x".join(map(str, field))


def _label_text(entry: Entry, _units: Units) -> str:
    return entry.label if entry.repeat == 1 else f"{entry.label} x{entry.repeat}"


COLUMNS: dict[str, Column] = {
    "layer": Column(title="layer", text=_label_text, numeric=False, keep=100),
    "op": Column(title="op", text=lambda entry, _: entry.op, numeric=False, keep=30),
    "kind": Column(title="kind", text=lambda entry, _: entry.kind, numeric=False, keep=20),
    "dtype": Column(title="dtype", text=lambda entry, _: entry.dtype, numeric=False, keep=15),
    "input": Column(title="input", text=lambda entry, _: shape_text(entry.input_shapes), numeric=False, keep=10),
    "output": Column(title="output", text=lambda entry, _: shape_text(entry.output_shapes), numeric=False, keep=40),
    "rf": Column(title="field", text=_field_text, numeric=False, keep=5),
    "params": Column(title="params", text=_number("params"), numeric=True, keep=80),
    "params_no_bias": Column(title="params no bias", text=_number("params_no_bias"), numeric=True, keep=50),
    "macs": Column(title="MACs", text=_number("macs"), numeric=True, keep=90),
    "flops": Column(title="FLOPs", text=_number("flops"), numeric=True, keep=70),
    "ops": Column(title="OPs", text=_number("ops_total"), numeric=True, keep=60),
    "activations": Column(title="activations", text=_number("activation_count"), numeric=True, keep=60),
    "activation_bytes": Column(title="act. size", text=_bytes("activation_bytes"), numeric=True, keep=45),
    "size": Column(title="size", text=_bytes("model_size_bytes"), numeric=True, keep=45),
    "read": Column(title="read", text=_bytes("bytes_read"), numeric=True, keep=25),
    "written": Column(title="written", text=_bytes("bytes_written"), numeric=True, keep=25),
    **{
        name: Column(title=name, text=_number(name), numeric=True, keep=20)
        for name in NUMBERS
        if name
        not in ("params", "params_no_bias", "macs", "flops", "ops_total", "activation_count", "activation_bytes",
                "model_size_bytes", "bytes_read", "bytes_written")
    },
}  # fmt: skip

_SORT_NAMES = {
    "ops": "ops_total", "activations": "activation_count", "size": "model_size_bytes", "read": "bytes_read",
    "written": "bytes_written",
}  # fmt: skip


def table_of(profile: Profile, options: Options) -> Table:
    """The table that every format prints.

    Raises:
        UnknownNameError: If a column is not one of ``COLUMNS``.
        UsageError: If ``sort`` is no number, or ``top`` or ``depth`` is not positive.
    """
    keys = ("layer", *(key for key in options.columns if key != "layer"))
    for key in (*keys, *filter(None, [options.sort])):
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
        if not COLUMNS[options.sort].numeric:
            raise UsageError(f"sort: expected a numeric column, got {options.sort!r}")
        name = _SORT_NAMES.get(options.sort, options.sort)
        shown.sort(key=lambda entry: -(entry.numbers[name] or 0))
    if options.top is not None and len(shown) > options.top:
        rest = shown[options.top :]
        shown = [*shown[: options.top], sum_of(rest, f"({len(rest)} more)")]
    return shown
