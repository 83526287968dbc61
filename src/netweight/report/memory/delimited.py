"""Activation memory as comma-separated values: one line per convention."""

from __future__ import annotations

import csv
import io

from netweight.report.escape import csv_cell
from netweight.report.memory.patches import patch_rows
from netweight.results.memory import Memory

_HEAD = (
    "convention", "kernels", "peak_bytes", "peak_step", "peak_layer", "steps", "total_bytes", "shared_bytes",
    "beside_bytes", "arena_bytes", "arena_lower_bound_bytes", "arena_proved_optimal", "live", "why",
)  # fmt: skip


def to_csv(memory: Memory) -> str:
    """A heading, then a line for each convention; what it does not have is empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if memory.patches is not None:
        writer.writerows(patch_rows(memory.patches))
        return out.getvalue()
    writer.writerow(_HEAD)
    for name, found in memory.conventions.items():
        plan = found.plan
        planned = (
            ("", "", "")
            if plan is None
            else (plan.arena_bytes, plan.lower_bound_bytes, str(plan.proved_optimal).lower())
        )
        live = " ".join(f"{tensor.name}={tensor.nbytes}" for tensor in found.live)
        writer.writerow(
            [
                csv_cell(name),
                found.kernels,
                found.peak_bytes,
                found.peak_step,
                csv_cell(found.peak_layer),
                len(found.steps),
                found.total_bytes,
                found.shared_bytes,
                found.beside_bytes,
                *planned,
                csv_cell(live),
                csv_cell(found.why),
            ]
        )
    return out.getvalue()
