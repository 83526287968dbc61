"""The beginning of a FlatBuffer, written so that what an older one has can follow it."""

from __future__ import annotations

import struct
from collections.abc import Sequence

BEGIN = 8
"""Bytes before the tables: where the root is, and the mark of the kind of file."""
_ALIGNMENT = 16
"""The largest alignment in a TFLite file, that of weights."""


class Front:
    """Tables, lists and texts, each written just after something was pointed to it.

    Args:
        mark: The mark of the kind of file, 4 bytes.
    """

    def __init__(self, mark: bytes) -> None:
        self._data = bytearray(4) + mark
        self._old: list[tuple[int, int]] = []

    def point(self, at: int) -> None:
        """Let the offset at a position lead to what is written next."""
        self._align(4)
        self.number(at, len(self._data) - at)

    def point_old(self, at: int, old: int) -> None:
        """Let the offset at a position lead to a place in the older file."""
        self._old.append((at, old))

    def number(self, at: int, value: int) -> None:
        """Write a number of 32 bits at a position."""
        struct.pack_into("<I", self._data, at, value)

    def table(self, has: Sequence[bool]) -> tuple[int, ...]:
        """Write a table of fields of 4 bytes, each 0, and give their positions; 0 for one that it does not have."""
        start, count = len(self._data), sum(has)
        offsets = [4 * (1 + sum(has[:slot])) if there else 0 for slot, there in enumerate(has)]
        size = 4 + 4 * count
        # The vtable, which says where each field is, follows: the distance to it is negative.
        self._data += struct.pack("<i", -size) + bytes(4 * count)
        self._data += struct.pack(f"<{2 + len(has)}H", 4 + 2 * len(has), size, *offsets)
        return tuple([start + offset if offset else 0 for offset in offsets])

    def vector(self, old: Sequence[int]) -> int:
        """Write a list of tables of the older file and one more, and give the position of that one."""
        self._data += struct.pack("<I", len(old) + 1)
        for place in old:
            self.point_old(len(self._data), place)
            self._data += bytes(4)
        self._data += bytes(4)
        return len(self._data) - 4

    def text(self, text: str) -> None:
        """Write a text."""
        data = text.encode()
        self._data += struct.pack("<I", len(data)) + data + b"\0"

    def blob(self, at: int, data: bytes) -> None:
        """Write a list of bytes that begins at a multiple of 16, and let a position lead to it."""
        self._align(_ALIGNMENT, 4)
        self.point(at)
        self._data += struct.pack("<I", len(data)) + data

    def before(self, old: bytes) -> bytes:
        """The whole file: this, then the older one without its first bytes, as far from a multiple of 16 as before."""
        self._align(_ALIGNMENT, -BEGIN % _ALIGNMENT)
        moved = len(self._data) - BEGIN
        for at, place in self._old:
            self.number(at, place + moved - at)
        return bytes(self._data) + old[BEGIN:]

    def _align(self, size: int, beyond: int = 0) -> None:
        """Fill up until ``beyond`` more bytes are a multiple of ``size``."""
        self._data += bytes(-(len(self._data) + beyond) % size)
