"""Measured times as CSV."""

from __future__ import annotations

import csv
from io import StringIO

from netweight.report.escape import csv_cell
from netweight.results.bench import Bench

_COLUMNS = (
    "engine", "version", "batch", "threads", "precision", "asked_precision", "state", "count", "p50_s", "p90_s",
    "p99_s", "least_s", "iqr", "throughput_per_second", "kernels_s", "remainder_s", "reason",
)  # fmt: skip


def to_csv(bench: Bench) -> str:
    """One line per engine and batch, seconds in full; what is unknown is empty."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((*_COLUMNS, "disturbed"))
    for row in bench.rows:
        writer.writerow(
            [csv_cell(_plain(getattr(row, name))) for name in _COLUMNS] + [csv_cell("; ".join(row.disturbed))]
        )
    return out.getvalue()


def _plain(value: object) -> str:
    return "" if value is None else str(value)
