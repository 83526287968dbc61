"""A FlatBuffer as plain Python objects; every offset is checked before it is followed.

A table begins with the distance back to its vtable, which says where each field lies. Vectors and text lie elsewhere,
behind an offset, and begin with their length. Tables may be shared: each is read once, however many refer to it. What
overlaps without being shared counts towards a limit, so that a small file cannot stand for an endless one.

Source: FlatBuffers, "FlatBuffer Internals".
"""

from __future__ import annotations

import struct
from functools import cache
from types import SimpleNamespace
from typing import Any

from netweight.errors import FormatError
from netweight.sources.tflite.schema import ENUMS, TABLES

_WIDTHS = {letter: struct.calcsize(f"<{letter}") for letter in "?bBhHiIqQfd"}
_UNIONS = {
    "builtin_options_type": "BuiltinOptions", "builtin_options2_type": "BuiltinOptions2",
    "details_type": "QuantizationDetails", "array_segments_type": "SparseIndexVector",
    "array_indices_type": "SparseIndexVector",
}  # fmt: skip
"""Fields that say of which kind the table in the next field is, and the enumeration of the kinds."""
_TIMES = 8
"""How often the bytes of a file may be read as part of something: 1, but for what files share."""
_LEAST = 1 << 16
_ROOT, _IDENTIFIER = 0, 4


@cache
def _fields(table: str) -> tuple[tuple[str, str, Any], ...]:
    """Name, kind and default of each field."""
    found = []
    for entry in TABLES.get(table, "").split():
        name, _, rest = entry.partition(":")
        kind, _, default = rest.partition("=")
        number = float if kind in ("f", "d") else bool if kind == "?" else int
        found.append((name, kind, number(float(default or 0)) if kind in _WIDTHS else None))
    return tuple(found)


class Flat:
    """A file, of which tables are read.

    Attributes:
        data: The bytes.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._view = memoryview(data)
        self._left = _TIMES * len(data) + _LEAST
        self._found: dict[tuple[str, int], Any] = {}

    def root(self, table: str, identifier: bytes) -> Any:
        """The table that the file begins with, its fields as attributes.

        Raises:
            FormatError: If the file is of another kind, cut short, or contradicts itself.
        """
        if self.data[_IDENTIFIER : _IDENTIFIER + len(identifier)] != identifier:
            raise FormatError(f"tflite: expected {identifier.decode()!r} at byte 4, got none")
        return self._behind(table, _ROOT)

    def number(self, letter: str, at: int) -> Any:
        """The number at a position."""
        self._check(at, _WIDTHS[letter])
        return struct.unpack_from(f"<{letter}", self.data, at)[0]

    def slice(self, at: int, size: int) -> memoryview:
        """Bytes of the file, which are not copied."""
        self._check(at, size)
        return self._view[at : at + size]

    def _check(self, at: int, size: int) -> None:
        if at < 0 or at + size > len(self.data):
            raise FormatError(
                f"tflite: expected {size:,} bytes at {at:,}, got a file of {len(self.data):,}",
                why="it is cut or broken",
            )

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise FormatError(f"tflite: expected a file without overlaps, got one that reads {_TIMES} times as large")

    def _behind(self, kind: str, at: int) -> Any:
        """What the offset at a position leads to."""
        start = at + self.number("I", at)
        found = self._found.get((kind, start))
        if found is None:
            found = self._made(kind, start)
            self._found[kind, start] = found
        return found

    def _made(self, kind: str, start: int) -> Any:
        if kind == "s":
            return self._text(start)
        return self._vector(kind[1:], start) if kind.startswith("[") else self._table(kind, start)

    def _text(self, start: int) -> str:
        size = self.number("I", start)
        self._spend(size)
        return bytes(self.slice(start + 4, size)).decode("utf-8", "replace")

    def _vector(self, kind: str, start: int) -> Any:
        """Numbers as a view of the file, tables and texts as a tuple."""
        count = self.number("I", start)
        if kind in _WIDTHS:
            return _Numbers(self.slice(start + 4, count * _WIDTHS[kind]), kind)
        self._check(start + 4, 4 * count)
        self._spend(4 * count)
        return tuple([self._behind(kind, at) for at in range(start + 4, start + 4 + 4 * count, 4)])

    def _table(self, name: str, start: int) -> SimpleNamespace:
        vtable = start - self.number("i", start)
        size, extent = self.number("H", vtable), self.number("H", vtable + 2)
        self._check(vtable, size)
        self._check(start, extent)
        self._spend(size)
        found = SimpleNamespace(_table=name)
        before: Any = None
        for slot, (field, kind, default) in enumerate(_fields(name)):
            at = vtable + 4 + 2 * slot
            offset = self.number("H", at) if at + 2 <= vtable + size else 0
            if offset >= extent > 0:
                raise FormatError(f"tflite: expected {name}.{field} within its {extent} bytes, got {offset}")
            before = self._field(kind, start + offset, before) if offset else default
            setattr(found, field, before)
            before = (field, before)
        return found

    def _field(self, kind: str, at: int, before: Any) -> Any:
        if kind in _WIDTHS:
            return self.number(kind, at)
        if kind == "*":
            table = member(*before)
            return None if table is None else self._behind(table, at)
        return self._behind(kind, at) if kind else None


def member(field: str, number: int) -> str | None:
    """The table that a field of a union's kind names; None for none, and for one that is newer than the schema."""
    names = ENUMS[_UNIONS[field]].split()
    return names[number] if 0 < number < len(names) else None


class _Numbers:
    """A vector of numbers, read from the file when they are asked for."""

    __slots__ = ("_letter", "_view")

    def __init__(self, view: memoryview, letter: str) -> None:
        self._view = view
        self._letter = letter

    def __len__(self) -> int:
        return len(self._view) // _WIDTHS[self._letter]

    @property
    def view(self) -> memoryview:
        """The bytes."""
        return self._view

    def values(self) -> tuple[Any, ...]:
        """All numbers."""
        return struct.unpack(f"<{len(self)}{self._letter}", self._view)
