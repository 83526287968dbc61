"""Tables of energy per operation and per access, those that come with netweight and those of a user."""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from netweight.errors import FormatError, UsageError, unknown_name
from netweight.ops import WORK_KINDS

_FOLDER = Path(__file__).parent / "tables"
PICO = 1e-12
DTYPES = ("int4", "int8", "int16", "int32", "fp8", "fp16", "bf16", "fp32", "fp64")
KINDS = tuple(kind for kind in WORK_KINDS if kind != "macs")
_MOST_PJ = 1e9
_LARGEST_FILE = 1_000_000
_KNOWN = ("title", "source", "entered", "operations", "memory")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Price of moving a word.

    Attributes:
        joules_per_byte: Of one byte, as part of a whole word.
        word_bits: Bits of the word that the source has a price for.
        note: What else is to be known of it.
    """

    joules_per_byte: float
    word_bits: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """A table.

    Attributes:
        name: What a user calls it.
        title: Process and voltage.
        source: Where the prices are written.
        entered: When they were written down here.
        operations: By element type, then by kind of operation: joules of one.
        memory: By level: ``"sram"`` on the chip, ``"dram"`` off it.
    """

    name: str
    title: str
    source: str
    entered: date
    operations: Mapping[str, Mapping[str, float]]
    memory: Mapping[str, Access]

    def of(self, dtype: str, kind: str) -> tuple[float, str] | None:
        """Joules of one operation, and the type whose price that is: the narrowest as wide; None if there is none.

        Args:
            dtype: Element type of the arithmetic: ``"float32"``.
            kind: Kind of operation: ``"adds"``.
        """
        for name in _wide_enough(dtype):
            if kind in self.operations.get(name, {}):
                return self.operations[name][kind], name
        return None


_WHOLE = ("int4", "int8", "int16", "int32")
_OWN = {
    "float64": "fp64", "float32": "fp32", "float16": "fp16", "bfloat16": "bf16", "complex64": "fp32",
    "complex128": "fp64",
}  # fmt: skip


def _wide_enough(dtype: str) -> tuple[str, ...]:
    """Names of prices for a type, its own first, then wider ones."""
    if dtype in _OWN:
        wider = {"bf16": ("bf16", "fp16", "fp32", "fp64"), "fp16": ("fp16", "fp32", "fp64"), "fp32": ("fp32", "fp64")}
        return wider.get(_OWN[dtype], (_OWN[dtype],))
    if dtype.startswith("float8"):
        return ("fp8", "fp16", "fp32")
    bits = 8 if dtype == "bool" else int("".join(filter(str.isdigit, dtype)) or 8)
    return tuple(name for name in _WHOLE if int(name[3:]) >= bits)


def prices(name: str = "horowitz45") -> Prices:
    """The table of that name, or of a file: ``"./my.toml"``.

    Raises:
        UnknownNameError: If there is none.
        FormatError: If the file is none of prices.
        UsageError: If it cannot be read.
    """
    if name.lower().endswith(".toml") or os.sep in name:
        return _read(Path(name))
    found = _shipped()
    if name.lower() not in found:
        raise unknown_name("table of energies", name, found, fix=f"known: {', '.join(found)}; or a file: ./{name}.toml")
    return found[name.lower()]


@cache
def _shipped() -> dict[str, Prices]:
    return {path.stem: _read(path) for path in sorted(_FOLDER.glob("*.toml"))}


def _read(path: Path) -> Prices:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise FormatError(f"{path.name}: expected a table of energies, got {path.stat().st_size:,} bytes")
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"energy: cannot read {str(path)!r}: {error.strerror}", fix="--table horowitz45") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FormatError(
            f"{path.name}: expected TOML, got an error: {error}", fix="docs/energy.md has a table"
        ) from None
    _only(path.name, "", data, _KNOWN)
    operations = _tables(path.name, data, "operations")
    memory = _tables(path.name, data, "memory")
    for level in ("sram", "dram"):
        if level not in memory:
            raise FormatError(f"{path.name}: [memory.{level}] is missing", fix="[memory.dram] with pj and bits")
    _only(path.name, "operations", operations, DTYPES)
    _only(path.name, "memory", memory, ("sram", "dram"))
    return Prices(
        name=path.stem.lower(),
        title=_text(path.name, data, "title"),
        source=_text(path.name, data, "source"),
        entered=_day(path.name, data),
        operations={dtype: _priced(path.name, dtype, entry) for dtype, entry in operations.items()},
        memory={level: _access(path.name, level, entry) for level, entry in memory.items()},
    )


def _priced(file: str, dtype: str, entry: Mapping[str, Any]) -> dict[str, float]:
    _only(file, f"operations.{dtype}", entry, KINDS)
    return {kind: PICO * _number(file, f"[operations.{dtype}] {kind}", value) for kind, value in entry.items()}


def _access(file: str, level: str, entry: Mapping[str, Any]) -> Access:
    _only(file, f"memory.{level}", entry, ("pj", "bits", "note"))
    bits = entry.get("bits")
    if isinstance(bits, bool) or not isinstance(bits, int) or not 1 <= bits <= 4096:
        raise FormatError(f"{file}: [memory.{level}] bits: expected the bits of a word, 1 to 4096, got {bits!r}")
    joules = PICO * _number(file, f"[memory.{level}] pj", entry.get("pj"))
    return Access(joules_per_byte=joules * 8 / bits, word_bits=bits, note=str(entry.get("note", "")))


def _number(file: str, where: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise FormatError(f"{file}: {where}: expected a number of pJ, got {value!r}")
    if not 0 < value <= _MOST_PJ:
        raise FormatError(f"{file}: {where}: expected above 0 and up to {_MOST_PJ:g} pJ, got {value!r}")
    return float(value)


def _tables(file: str, data: Mapping[str, Any], key: str) -> dict[str, Mapping[str, Any]]:
    found = data.get(key, {})
    if not isinstance(found, Mapping) or not all(isinstance(entry, Mapping) for entry in found.values()):
        raise FormatError(f"{file}: expected tables [{key}.NAME], got {found!r}")
    return dict(found)


def _only(file: str, table: str, entries: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in entries:
        if key not in known:
            where = f"[{table}] {key}" if table else key
            raise FormatError(f"{file}: {where} is no entry of a table of energies", fix=f"known: {', '.join(known)}")


def _text(file: str, data: Mapping[str, Any], key: str) -> str:
    if not isinstance(data.get(key), str):
        raise FormatError(f"{file}: {key}: expected a text, got {data.get(key)!r}")
    return str(data[key])


def _day(file: str, data: Mapping[str, Any]) -> date:
    found = data.get("entered")
    if not isinstance(found, date):
        raise FormatError(f"{file}: entered: expected a date as 2026-12-01, got {found!r}")
    return found
