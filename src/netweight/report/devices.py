"""Devices for a terminal: all in a line each, or one with the source of every figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netweight.report.escape import plain
from netweight.report.memory.aligned import aligned
from netweight.report.wrap import wrapped
from netweight.results.device import Device, Rate, Store
from netweight.units import scaled

_SHOWN = ("fp32", "fp16", "int8")


def list_text(devices: Sequence[Device], *, width: int | None = None) -> str:
    """A line for each: peak rates, main memory and its bandwidth, what lies on the chip."""
    rows = [("device", "kind", *(f"{name} OP/s" for name in _SHOWN), "memory", "B/s")]
    for device in devices:
        main = _main(device)
        peaks = [_peak(device.compute.get(name)) for name in _SHOWN]
        speed = scaled(main.bytes_per_second) if main.bytes_per_second else "-"
        rows.append((device.name, device.kind, *peaks, scaled(main.nbytes, "B"), speed))
    lines = [*aligned(rows, width, words=(0, 1)), ""]
    lines += wrapped(
        "netweight devices show NAME has every figure with its source; a multiply-accumulate is two operations",
        width,
        2,
    )
    return _text(lines)


def device_text(device: Device, *, width: int | None = None) -> str:
    """Every figure of a device with where it is written."""
    return _text(line for part in _lines(device) for line in wrapped(part, width, 4))


def _lines(device: Device) -> Iterator[str]:
    yield f"{device.name}: {device.title} ({device.kind}), {device.cores}"
    if device.aliases:
        yield f"  also called {', '.join(device.aliases)}"
    if device.origin:
        yield f"  from {device.origin}"
    for note in device.notes:
        yield f"  {note}"
    for name, rate in device.compute.items():
        yield f"  {name}: {_rate(rate)}{_from(rate.source, rate.entered.isoformat(), rate.note)}"
    for name, store in device.memory.items():
        yield f"  {name}: {_store(store)}{_from(store.source, store.entered.isoformat(), store.note)}"
    if device.power is not None:
        power = device.power
        yield f"  power: {power.tdp_watts:g} W at most{_from(power.source, power.entered.isoformat(), power.note)}"


def _rate(rate: Rate) -> str:
    said = scaled(rate.ops_per_second, "OP/s")
    if rate.formula:
        said += f" = {rate.formula}"
    if rate.sparse_ops_per_second is not None:
        said += f", {scaled(rate.sparse_ops_per_second, 'OP/s')} with sparsity"
    by = ", ".join(part for part in (rate.unit, f"sums in {rate.accumulate}" if rate.accumulate else "") if part)
    return f"{said} ({by})" if by else said


def _store(store: Store) -> str:
    speed = f" at {scaled(store.bytes_per_second, 'B/s')}" if store.bytes_per_second else ", no bandwidth published"
    where = ", cache" if store.cache else ", on the chip" if store.on_chip else ""
    return (
        f"{scaled(store.nbytes, 'B', units='iec')}{speed}{where}{', weights alone' if store.holds == 'weights' else ''}"
    )


def _from(source: str, day: str, note: str) -> str:
    return f"; {note} [{source}, {day}]" if note else f" [{source}, {day}]"


def _main(device: Device) -> Store:
    """The largest memory that a program writes."""
    return max((s for s in device.memory.values() if s.holds == "all" and not s.cache), key=lambda store: store.nbytes)


def _peak(rate: Rate | None) -> str:
    return "-" if rate is None else scaled(rate.ops_per_second)


def _text(lines: Sequence[str] | Iterator[str]) -> str:
    return "".join(f"{plain(line).rstrip()}\n" for line in lines)
