"""PNG: a few pixels as a file, not compressed, so that the same pixels give the same bytes everywhere.

Source: PNG specification, third edition, W3C 2025; RFC 1950 and 1951 for stored blocks.
"""

from __future__ import annotations

import struct
import zlib

_BLOCK = 65_535
_COLOUR_TYPE = {1: 0, 3: 2}
"""Grey, or red, green and blue: channels to what the header calls them."""


def png(width: int, height: int, channels: int, pixels: bytes) -> bytes:
    """A file of eight bits per channel.

    Args:
        width: Pixels from left to right.
        height: Pixels from top to bottom.
        channels: 1 or 3.
        pixels: Row by row.
    """
    row = width * channels
    lines = b"".join(b"\0" + pixels[at : at + row] for at in range(0, height * row, row))
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPE[channels], 0, 0, 0)
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", _stored(lines)), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _stored(data: bytes) -> bytes:
    """A zlib stream of blocks that are stored as they are."""
    blocks = [data[at : at + _BLOCK] for at in range(0, len(data), _BLOCK)]
    parts = [
        struct.pack("<BHH", block is blocks[-1], len(block), len(block) ^ 0xFFFF) + block for block in blocks
    ]  # fmt: skip
    return b"\x78\x01" + b"".join(parts) + struct.pack(">I", zlib.adler32(data))
