"""Device files: TOML in, a device or an error that names the line's key, what is wrong with it, and what would do."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from netweight.errors import FormatError, UsageError
from netweight.given_files import check_regular, is_there
from netweight.results.device import KINDS, Device, Power, Product, Rate, Store
from netweight.similar import similar

LARGEST_BYTES = 1 << 50
SLOWEST, FASTEST = 1e5, 1e18
RATES = ("fp64", "fp32", "tf32", "fp16", "bf16", "fp8", "fp4", "int32", "int16", "int8", "int4", "int1")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_TOP = ("title", "aliases", "kind", "cores", "compute", "memory", "power")
_COMMON = ("source", "entered", "note")
_RATE = ("dense", "units", "clock_hz", "per_cycle", "sparse", "accumulate", "unit", *_COMMON)
_STORE = ("bytes", "bytes_per_second", "on_chip", "cache", "holds", *_COMMON)
_EXAMPLE = "netweight devices show stm32h743 --format toml > my.toml, and change that"
_LARGEST_FILE = 1_000_000
_LARGE = 10_000_000
"""What memory beside a GPU or a CPU exceeds, in bytes and in bytes per second."""


def read_device(path: Path, *, origin: str = "") -> Device:
    """The device that a file describes; its name is that of the file.

    Args:
        path: A TOML file as those that come with netweight.
        origin: What the device says of where it comes from.

    Raises:
        FormatError: If it is no TOML, lacks a figure or has one that cannot be.
        UsageError: If it cannot be read.
    """
    file = origin or path.name
    if not is_there(path):
        raise UsageError(
            f"device: there is no file {str(path)!r}", fix="netweight devices has the names that are known"
        )
    try:
        size = check_regular(path, "a device file")
        if size > _LARGEST_FILE:
            raise FormatError(f"{file}: expected a device file, got one of {size:,} bytes")
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"device: cannot read {str(path)!r}: {error.strerror}", fix="netweight devices") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(f"{file}: expected TOML, got an error: {error}", fix=_EXAMPLE) from None
    return device_of(path.stem.lower(), data, file, origin=origin)


def device_of(name: str, data: Mapping[str, Any], file: str, *, origin: str = "") -> Device:
    """The device that tables of a file describe.

    Raises:
        FormatError: If a figure is missing, or cannot be.
    """
    if not _NAME.fullmatch(name):
        raise FormatError(f"{file}: expected a name of letters, digits, dots and hyphens, got {name!r}")
    top = _Table(file, "", data, _TOP)
    kind = top.text("kind")
    if kind not in KINDS:
        raise top.error("kind", f"one of {', '.join(KINDS)}", kind)
    compute = {key: _rate(_Table(file, f"compute.{key}", entry, _RATE), key) for key, entry in top.tables("compute")}
    memory = {key: _store(_Table(file, f"memory.{key}", entry, _STORE)) for key, entry in top.tables("memory")}
    if not any(store.holds == "all" and not store.cache for store in memory.values()):
        raise FormatError(
            f"{file}: expected memory that a program writes, got {', '.join(memory) or 'none'}",
            fix="[memory.dram] with bytes, bytes_per_second, source and entered",
        )
    if kind in ("gpu", "cpu", "soc"):
        _check_large(file, memory)
    return Device(
        name=name,
        title=top.text("title"),
        kind=kind,  # type: ignore[arg-type]
        cores=top.text("cores", ""),
        compute=compute,
        memory=memory,
        power=_power(_Table(file, "power", data["power"], ("tdp_watts", *_COMMON))) if "power" in data else None,
        aliases=top.texts("aliases"),
        origin=origin,
    )


def _check_large(file: str, memory: Mapping[str, Store]) -> None:
    """Refuse gigabytes where bytes belong, which on a microcontroller could be meant."""
    for name, store in memory.items():
        if not store.on_chip and store.nbytes < _LARGE:
            raise FormatError(
                f"{file}: [memory.{name}] bytes: expected bytes, got {store.nbytes:,}", fix="80e9 for 80 GB"
            )
        if not store.on_chip and store.bytes_per_second is not None and store.bytes_per_second < _LARGE:
            got = f"{store.bytes_per_second:,.12g}"
            raise FormatError(
                f"{file}: [memory.{name}] bytes_per_second: expected bytes per second, got {got}",
                fix="3.35e12 for 3.35 TB/s",
            )


@dataclass(frozen=True)
class _Table:
    """A table of a file, whose entries are asked for one by one."""

    file: str
    name: str
    data: Mapping[str, Any]
    known: tuple[str, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.data, Mapping):
            raise FormatError(f"{self.file}: expected [{self.name}] to be a table, got {self.data!r}")
        for key in self.data:
            if key not in self.known:
                near = similar(key, self.known)
                fix = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(self.known)}"
                raise FormatError(f"{self.file}: {self.at(key)} is no entry of a device file", fix=fix)

    def at(self, key: str) -> str:
        """Where an entry is, for messages."""
        return f"[{self.name}] {key}" if self.name else key

    def error(self, key: str, expected: str, got: object, fix: str = _EXAMPLE) -> FormatError:
        """What is wrong with an entry."""
        return FormatError(f"{self.file}: {self.at(key)}: expected {expected}, got {got!r}", fix=fix)

    def text(self, key: str, default: str | None = None) -> str:
        """A text."""
        value = self.data.get(key, default)
        if value is None:
            raise FormatError(f"{self.file}: {self.at(key)} is missing", fix=_EXAMPLE)
        if not isinstance(value, str):
            raise self.error(key, "a text", value)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Texts; none where they are left out."""
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(key, "a list of texts", value)
        return tuple(value)

    def flag(self, key: str) -> bool:
        """True or false; false where it is left out."""
        value = self.data.get(key, False)
        if not isinstance(value, bool):
            raise self.error(key, "true or false", value)
        return value

    def number(self, key: str, low: float, high: float, unit: str) -> float:
        """A number in its bounds."""
        value = self.data.get(key)
        if value is None:
            raise FormatError(f"{self.file}: {self.at(key)} is missing", fix=_EXAMPLE)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.error(key, f"a number of {unit}", value)
        if not low <= value <= high:
            fix = f"{unit} themselves, no thousands or millions of them" if 0 < value < low else _EXAMPLE
            raise self.error(key, f"{low:,.12g} to {high:,g} {unit}", value, fix)
        return float(value)

    def day(self, key: str) -> date:
        """A date."""
        value = self.data.get(key)
        if not isinstance(value, date):
            raise self.error(key, "a date as 2026-12-01", value)
        return value

    def tables(self, key: str) -> list[tuple[str, Any]]:
        """Tables in a table."""
        value = self.data.get(key, {})
        if not isinstance(value, Mapping):
            raise self.error(key, "tables", value)
        return list(value.items())

    def common(self) -> dict[str, Any]:
        """Where a figure is from."""
        return {"source": self.text("source"), "entered": self.day("entered"), "note": self.text("note", "")}


def _rate(table: _Table, key: str) -> Rate:
    if key not in RATES:
        near = similar(key, RATES)
        fix = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(RATES)}"
        raise FormatError(f"{table.file}: [{table.name}] is no arithmetic", fix=fix)
    product = None
    if "dense" in table.data:
        if other := {"units", "clock_hz", "per_cycle"} & set(table.data):
            raise table.error("dense", f"the peak or a formula, not {', '.join(sorted(other))} beside it", "both")
        peak = table.number("dense", SLOWEST, FASTEST, "operations per second")
    else:
        units = table.number("units", 1, 1e7, "units")
        clock, each = table.number("clock_hz", 1e5, 1e11, "Hz"), table.number("per_cycle", 1e-6, 1e6, "operations")
        product = Product(units=units, clock_hz=clock, ops_per_cycle=each)
        peak = product.ops_per_second
    sparse = table.number("sparse", SLOWEST, 2 * FASTEST, "operations per second") if "sparse" in table.data else None
    if sparse is not None and sparse < peak:
        raise table.error("sparse", f"at least the dense peak of {peak:g}", sparse)
    return Rate(
        ops_per_second=peak,
        sparse_ops_per_second=sparse,
        accumulate=table.text("accumulate", ""),
        unit=table.text("unit", ""),
        product=product,
        formula=str(product or ""),
        **table.common(),
    )


def _store(table: _Table) -> Store:
    holds = table.text("holds", "all")
    if holds not in ("all", "weights"):
        raise table.error("holds", "all or weights", holds)
    nbytes = table.number("bytes", 64, LARGEST_BYTES, "bytes")
    if nbytes != int(nbytes):
        raise table.error("bytes", "a whole number", nbytes)
    speed = (
        table.number("bytes_per_second", SLOWEST, FASTEST, "bytes per second")
        if "bytes_per_second" in table.data
        else None
    )
    cache = table.flag("cache")
    if cache and holds == "weights":
        raise table.error("cache", "false for memory that holds weights alone", cache)
    return Store(
        nbytes=int(nbytes),
        bytes_per_second=speed,
        on_chip=table.flag("on_chip") or cache,
        cache=cache,
        holds=holds,  # type: ignore[arg-type]
        **table.common(),
    )


def _power(table: _Table) -> Power:
    return Power(tdp_watts=table.number("tdp_watts", 1e-3, 1e5, "watts"), **table.common())
