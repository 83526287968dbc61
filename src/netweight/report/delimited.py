"""Profile as comma-separated values: one line per layer, every figure in full, for a spreadsheet or a script."""

import csv
import io
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
        case tuple() if value and isinstance(value[0], tuple):
            return shape_text(value)
        case tuple():
            return "x".join(map(str, value))
        case _:
            return str(int(value))
