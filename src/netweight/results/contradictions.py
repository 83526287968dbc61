"""Whether a report contradicts itself: figures below zero, totals and modules that are not the sums of their rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
    return next(_modules(data["modules"], rows), "")


def _modules(modules: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Modules whose figures are not the sums of the rows below their paths, in words."""
    below: dict[str, list[Mapping[str, Any]]] = {module["module"]: [] for module in modules}
    for row in rows:
        parts = row["layer"].split(".")
        for depth in range(len(parts)):
            path = ".".join(parts[:depth])
            if path in below:
                below[path].append(row)
    for module in modules:
        members = below[module["module"]]
        if module["layers"] != len(members):
            yield f"module {module['module']!r} has {module['layers']} layers, there are {len(members)} below it"
        for name in _SUMS:
            found = sum(row.get(name) or 0 for row in members)
            if module.get(name, found) != found:
                yield f"{name} of module {module['module']!r} is {module[name]}, its rows sum to {found}"


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
