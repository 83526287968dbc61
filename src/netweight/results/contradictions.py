"""Whether a report contradicts itself: figures below zero, totals that are not the sums of its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_SUMS = (
    "params", "params_no_bias", "model_size_bytes", "macs", "flops", "ops_total", "bytes_read", "bytes_written",
    "logical_params",
)  # fmt: skip


def contradiction_in(data: Mapping[str, Any]) -> str:
    """What is wrong with the nested dicts and lists of a report, in words; empty if nothing is."""
    for place, number in _numbers(data, ""):
        if number < 0:
            return f"{place} is {number}"
    totals, rows = data["totals"], data["layers"]
    for name in _SUMS:
        if name in totals and all(name in row for row in rows):
            found = sum(row[name] or 0 for row in rows)
            if found != totals[name]:
                return f"totals.{name} is {totals[name]}, its rows sum to {found}"
    return ""


def _numbers(value: Any, place: str) -> Iterator[tuple[str, float]]:
    """Every figure of a report with the keys that lead to it."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "settings":  # a dimension that is counted from the end is below zero
                continue
            yield from _numbers(item, f"{place}.{key}" if place else key)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _numbers(item, f"{place}[{at}]")
    elif isinstance(value, int | float):
        yield place, value
