"""Profile as comma-separated values: one line per layer, every figure in full, for a spreadsheet or a script."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from netweight.report.columns import COLUMNS, column_key
from netweight.report.entries import Entry, entry_of
from netweight.report.escape import csv_cell
from netweight.report.shapes import shape_text
from netweight.report.table import Options, table_of
from netweight.results.profile import LayerRow, Profile

_NAMES = tuple(f.name for f in fields(LayerRow))
_OF_COLUMNS = {
    "input": "input_shapes", "output": "output_shapes", "field": "receptive_field", "weights": "weight_dtype",
    "share": "share_percent",
}  # fmt: skip
"""What the JSON schema, or a unit, calls a column of the table that is no figure."""


def to_csv(profile: Profile, options: Options | None = None, *, columns: Sequence[str] | None = None) -> str:
    """A heading with the names of the JSON schema, then the layers; unknown figures are empty.

    Args:
        profile: What was weighed.
        options: Which lines, as in a table: modules at a depth, sorted, the dearest; by default every layer in the
            order in which they run.
        columns: Names as of a table's columns; by default every figure.
    """
    names = (*_NAMES, "macs_formula") if columns is None else _chosen(columns)
    if options is None and "share_percent" not in names:
        entries = tuple(map(entry_of, profile.layers))
    else:
        lines = options or Options(fold=False, every=True)
        entries = table_of(profile, replace(lines, columns=("share",))).entries
    rows = {row.layer: row for row in profile.layers}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    for entry in entries:
        row = rows.get(entry.label) if not entry.marks else None
        writer.writerow([_cell(_value(name, entry, row)) for name in names])
    return out.getvalue()


def _chosen(columns: Sequence[str]) -> tuple[str, ...]:
    """Names of the schema for those of a table's columns, the layer first.

    Raises:
        UnknownNameError: If there is no such column.
    """
    keys = dict.fromkeys(("layer", *map(column_key, columns)))
    return tuple(COLUMNS[key].figure or _OF_COLUMNS.get(key, key) for key in keys if key != "bar")


def _value(name: str, entry: Entry, row: LayerRow | None) -> Any:
    """A figure or word of a line; what holds for one layer alone is empty where the line stands for several."""
    if name in entry.numbers:
        return entry.numbers[name]
    match name:
        case "layer":
            return entry.label + entry.marks
        case "op":
            return " ".join(dict.fromkeys((entry.op, *entry.joined)))
        case "share_percent":
            return None if entry.share is None else f"{100 * entry.share:.4g}"
        case "macs_formula":
            return row.formulas.get("macs", "") if row is not None else ""
        case "weight_shapes":
            return row.weight_shapes if row is not None else ""
        case _:
            return getattr(entry, name)


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return csv_cell(value)
        case Mapping():
            return csv_cell(" ".join(f"{name}={_setting(item)}" for name, item in value.items()))
        case tuple() if value and isinstance(value[0], tuple):
            return shape_text(value)
        case tuple():
            return "x".join(map(str, value))
        case _:
            return str(int(value))


def _setting(value: Any) -> str:
    """``2x2`` for a pair, ``0:1x0:1`` for padding that differs before and after."""
    match value:
        case tuple() if value and all(isinstance(item, tuple) and len(item) == 2 for item in value):
            return "x".join(str(first) if first == last else f"{first}:{last}" for first, last in value)
        case tuple():
            return "x".join(map(_setting, value))
        case _:
            return str(value)
