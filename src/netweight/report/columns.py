"""The columns of a report, and the names that each goes by: in headings, ``--columns`` and ``--sort`` alike."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import NamedTuple

from netweight.errors import UsageError, unknown_name
from netweight.report.entries import NUMBERS, Entry
from netweight.report.shapes import field_text, settings_text, shape_text
from netweight.units import Units, exact, scaled

_FEW_OPS = 4


class Column(NamedTuple):
    """One column.

    Attributes:
        title: Heading.
        text: Text of an entry's cell.
        keep: How long it stays when a terminal is narrow: the lowest goes first.
        figure: Name of the figure that it shows; None for words, which are not summed.
        numeric: Whether it is aligned to the right, and has a cell in the total.
        order: What lines are sorted by, largest first; None for words.
        aliases: Other names.
    """

    title: str
    text: Callable[[Entry, Units], str]
    keep: int
    figure: str | None = None
    numeric: bool = False
    order: Callable[[Entry], float] | None = None
    aliases: tuple[str, ...] = ()


def _words(title: str, text: Callable[[Entry], str], keep: int, *aliases: str) -> Column:
    return Column(title=title, text=lambda entry, _units: text(entry), keep=keep, aliases=aliases)


def _figure(title: str, figure: str, keep: int, *aliases: str) -> Column:
    """A column of numbers: bytes with their unit, others in full."""

    def count(entry: Entry, units: Units) -> str:
        value = entry.numbers[figure]
        return "?" if value is None else exact(value, units=units)

    def size(entry: Entry, units: Units) -> str:
        value = entry.numbers[figure]
        return "?" if value is None else scaled(value, "B" if units != "raw" else "", units=units)

    return Column(
        title=title, text=size if "bytes" in figure else count, keep=keep, figure=figure, numeric=True,
        order=lambda entry: entry.numbers[figure] or 0, aliases=(figure, *aliases),
    )  # fmt: skip


def _share_text(entry: Entry, _units: Units) -> str:
    """Per cent with one digit behind the point; ``<0.1`` for less that is not nothing."""
    if entry.share is None:
        return ""
    per_cent = 100 * entry.share
    return "0" if not per_cent else "<0.1" if per_cent < 0.05 else f"{per_cent:.1f}"


def _op_text(entry: Entry) -> str:
    """The operator, and those of the layers that are summed into the line; the first few of many."""
    ops = list(dict.fromkeys((entry.op, *entry.joined)))
    return ", ".join(ops if len(ops) <= _FEW_OPS else [*ops[: _FEW_OPS - 1], "..."])


_NAMED: dict[str, Column] = {
    "layer": _words("layer", lambda entry: entry.label + entry.marks, 100, "name", "module", "path"),
    "op": _words("op", _op_text, 38, "operator", "type"),
    "kind": _words("kind", lambda entry: entry.kind, 20),
    "dtype": _words("dtype", lambda entry: entry.dtype, 15),
    "weights": _words("weights", lambda entry: entry.weight_dtype, 16, "weight_dtype"),
    "settings": _words("settings", lambda entry: settings_text(entry.settings), 36, "kernel", "stride"),
    "input": _words("input", lambda entry: shape_text(entry.input_shapes), 10, "input_shapes", "input_shape"),
    "output": _words("output", lambda entry: shape_text(entry.output_shapes), 40, "output_shapes", "output_shape"),
    "field": Column(
        title="field", text=lambda entry, _: field_text(entry.receptive_field), keep=5,
        order=lambda entry: prod(entry.receptive_field or (0,)), aliases=("rf", "receptive_field"),
    ),
    "params": _figure("params", "params", 80, "parameters"),
    "params_no_bias": _figure("params_no_bias", "params_no_bias", 50),
    "macs": _figure("MACs", "macs", 90, "madds", "mult_adds"),
    "share": Column(
        title="%", text=_share_text, keep=85, numeric=True, order=lambda entry: entry.share or 0, aliases=("percent",)
    ),
    "flops": _figure("FLOPs", "flops", 70, "flop"),
    "ops": _figure("OPs", "ops_total", 60),
    "activations": _figure("activations", "activation_count", 34, "acts"),
    "activation_bytes": _figure("activation_bytes", "activation_bytes", 33, "act._size", "act_size"),
    "size": _figure("size", "model_size_bytes", 45),
    "read": _figure("read", "bytes_read", 25),
    "written": _figure("written", "bytes_written", 25),
    "bar": _words("", lambda entry: entry.bar, 35),
}  # fmt: skip
_SHOWN = {column.figure for column in _NAMED.values()}

COLUMNS: dict[str, Column] = _NAMED | {name: _figure(name, name, 20) for name in NUMBERS if name not in _SHOWN}
"""Every column by its key; figures without a name of their own go by that of the schema."""


def column_key(name: str) -> str:
    """Key of the column that goes by the name: its key, heading or another; ``MACs`` and ``macs`` are the same.

    Raises:
        UnknownNameError: If there is none.
    """
    plain = "_".join(name.strip().lower().replace("-", " ").replace("_", " ").split())
    if plain in COLUMNS:
        return plain
    for key, column in COLUMNS.items():
        if plain in (column.title.lower(), *column.aliases) and plain:
            return key
    raise unknown_name("column", name, COLUMNS, fix=f"known: {', '.join(COLUMNS)}")


def sort_key(name: str) -> str:
    """Key of the column of numbers that goes by the name.

    Raises:
        UnknownNameError: If there is none.
        UsageError: If it is a column of words.
    """
    key = column_key(name)
    if COLUMNS[key].order is None:
        known = ", ".join(key for key, column in COLUMNS.items() if column.order is not None)
        raise UsageError(f"sort: expected a numeric column, got {name!r}", fix=f"one of: {known}")
    return key
