"""Profile as comma-separated values: one line per layer, every figure in full, for a spreadsheet or a script."""

import csv
import io
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from netweight.report.escape import csv_cell
from netweight.report.table import shape_text
from netweight.results.profile import LayerRow, Profile


def to_csv(profile: Profile) -> str:
    """A heading with the names of the JSON schema, then the layers; unknown figures are empty."""
    names = [f.name for f in fields(LayerRow)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*names, "macs_formula"])
    for row in profile.layers:
        writer.writerow([*(_cell(getattr(row, name)) for name in names), row.formulas.get("macs", "")])
    return out.getvalue()


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
