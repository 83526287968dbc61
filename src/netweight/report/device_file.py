"""A device as the file that would describe it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from netweight.results.device import Device, Power, Rate, Store

_EXACT = 1e15
"""Whole numbers below are written as such."""


def to_toml(device: Device) -> str:
    """A file that the user may save under another name, and change."""
    return "\n".join(_lines(device)) + "\n"


def _lines(device: Device) -> Iterator[str]:
    for note in device.notes:
        yield f"# {' '.join(note.split())}"
    yield from _entries({"title": device.title, "kind": device.kind, "cores": device.cores})
    tables: list[tuple[str, Rate | Store | Power]] = [
        (f"compute.{name}", rate) for name, rate in device.compute.items()
    ]
    tables += [(f"memory.{name}", store) for name, store in device.memory.items()]
    if device.power is not None:
        tables.append(("power", device.power))
    for name, table in tables:
        yield ""
        yield f"[{name}]"
        yield from _entries(_figures(table))
        yield from _entries({"source": table.source, "entered": table.entered, "note": table.note or None})


def _figures(table: Rate | Store | Power) -> dict[str, Any]:
    match table:
        case Rate():
            return {
                **_peak(table),
                "sparse": table.sparse_ops_per_second,
                "accumulate": table.accumulate or None,
                "unit": table.unit or None,
            }
        case Store():
            return {
                "bytes": table.nbytes,
                "bytes_per_second": table.bytes_per_second,
                "on_chip": table.on_chip or None,
                "cache": table.cache or None,
                "holds": "weights" if table.holds == "weights" else None,
            }
        case Power():
            return {"tdp_watts": table.tdp_watts}


def _peak(rate: Rate) -> dict[str, Any]:
    """The figure, or what was multiplied."""
    if rate.product is None:
        return {"dense": rate.ops_per_second}
    product = rate.product
    return {"units": product.units, "clock_hz": product.clock_hz, "per_cycle": product.ops_per_cycle}


def _entries(entries: dict[str, Any]) -> Iterator[str]:
    for key, value in entries.items():
        if value is not None:
            yield f"{key} = {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and value < _EXACT:
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)
