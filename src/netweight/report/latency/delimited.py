"""Latency as CSV."""

from __future__ import annotations

import csv
from io import StringIO

from netweight.report.escape import csv_cell
from netweight.results.latency import Latency

_COLUMNS = (
    "layer", "op", "dtype", "rate", "macs", "ops_total", "weight_bytes", "input_bytes", "output_bytes", "compute_s",
    "memory_s", "bound_s", "limited_by", "intensity", "share", "predicted_s", "predicted_low_s", "predicted_high_s",
)  # fmt: skip


def to_csv(latency: Latency) -> str:
    """One line per kernel, seconds in full; what is unknown is empty."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((*_COLUMNS, "layers"))
    for row in latency.layers:
        values = ["" if (value := getattr(row, name)) is None else csv_cell(str(value)) for name in _COLUMNS]
        writer.writerow([*values, csv_cell(" ".join(row.layers))])
    return out.getvalue()
