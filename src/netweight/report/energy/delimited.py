"""Energy as CSV."""

from __future__ import annotations

import csv
from io import StringIO

from netweight.report.escape import csv_cell
from netweight.results.energy import Energy

_COLUMNS = (
    "layer", "op", "dtype", "macs", "compute_j", "unpriced_ops", "weights_j", "activations_low_j", "activations_high_j",
    "low_j", "high_j", "share",
)  # fmt: skip


def to_csv(energy: Energy) -> str:
    """One line per kernel, joules in full; what is unknown is empty."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in energy.layers:
        values = (getattr(row, name) for name in _COLUMNS)
        writer.writerow([csv_cell("" if value is None else str(value)) for value in values])
    return out.getvalue()
