"""The devices that have a file beside this one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from netweight.analysis.devices.device import Device, Rate, Store
from netweight.errors import unknown_name

_FOLDER = Path(__file__).parent


@cache
def devices() -> dict[str, Device]:
    """Every device by its name, in the order of names."""
    return {path.stem: _read(path) for path in sorted(_FOLDER.glob("*.toml"))}


def device(name: str) -> Device:
    """The device of that name, whichever way it is capitalised.

    >>> device("STM32F746").memory["sram"].nbytes
    327680

    Raises:
        UnknownNameError: If there is none.
    """
    found = devices()
    if name.lower() not in found:
        raise unknown_name("device", name, found, fix=f"known: {', '.join(found)}")
    return found[name.lower()]


def _read(path: Path) -> Device:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    return Device(
        name=path.stem,
        title=data["title"],
        kind=data["kind"],
        cores=data["cores"],
        compute={key: _rate(entry) for key, entry in data.get("compute", {}).items()},
        memory={key: _store(entry) for key, entry in data["memory"].items()},
    )


def _rate(entry: Mapping[str, Any]) -> Rate:
    peak, formula = entry.get("dense"), ""
    if peak is None:
        units, clock, each = entry["units"], entry["clock_hz"], entry["per_cycle"]
        peak = units * clock * each
        formula = f"{units:,} units x {clock:,.0f} Hz x {each:,} operations"
    return Rate(
        ops_per_second=float(peak),
        sparse_ops_per_second=entry.get("sparse"),
        accumulate=entry.get("accumulate", ""),
        unit=entry.get("unit", ""),
        formula=formula,
        source=entry["source"],
        read=entry["read"],
        note=entry.get("note", ""),
    )


def _store(entry: Mapping[str, Any]) -> Store:
    return Store(
        nbytes=entry["bytes"],
        bytes_per_second=entry.get("bytes_per_second"),
        on_chip=entry.get("on_chip", False),
        cache=entry.get("cache", False),
        holds=entry.get("holds", "all"),
        source=entry["source"],
        read=entry["read"],
        note=entry.get("note", ""),
    )
