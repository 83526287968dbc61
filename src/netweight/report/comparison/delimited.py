"""A comparison as CSV."""

from __future__ import annotations

import csv
from io import StringIO

from netweight.report.escape import csv_cell
from netweight.results.comparison import FIGURES, Comparison


def to_csv(comparison: Comparison) -> str:
    """One line per layer of either side, each figure before, after and their difference; what is unknown is empty."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    sides = ("before", "after", "difference")
    writer.writerow(
        ["status", "before", "after", "op", "moved", "changes", *(f"{n}_{side}" for n in FIGURES for side in sides)]
    )
    for row in comparison.layers:
        changes = "; ".join(f"{one.name} {one.before} -> {one.after}" for one in row.settings)
        words = (row.status, row.before or "", row.after or "", row.op, "yes" if row.moved else "no", changes)
        numbers = (getattr(row.figures[name], side) for name in FIGURES for side in sides)
        writer.writerow([*map(csv_cell, words), *("" if number is None else number for number in numbers)])
    return out.getvalue()
