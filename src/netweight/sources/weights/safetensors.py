"""The header of a safetensors file: names, shapes and types; the numbers are not read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

from netweight import limits
from netweight.errors import FormatError
from netweight.sources.weights.tensors import Stored, is_shape

_LENGTH = 8
_SHOWN = 80
_TYPES = {
    "F64": ("float64", 8), "F32": ("float32", 4), "F16": ("float16", 2), "BF16": ("bfloat16", 2), "I64": ("int64", 8),
    "I32": ("int32", 4), "I16": ("int16", 2), "I8": ("int8", 1), "U8": ("uint8", 1), "BOOL": ("bool", 1),
    "U16": ("uint16", 2), "U32": ("uint32", 4), "U64": ("uint64", 8), "F8_E4M3": ("float8_e4m3fn", 1),
    "F8_E5M2": ("float8_e5m2", 1),
}  # fmt: skip


def read_safetensors(path: Path) -> list[Stored]:
    """Tensors that the header names.

    Raises:
        FormatError: If the header is damaged, larger than the file, or contradicts it.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH), "little")
        if size < _LENGTH or length > min(size - _LENGTH, limits.of("file")):
            raise FormatError(f"safetensors: expected a header within the file, got {length:,} of {size:,} bytes")
        text = file.read(length)
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"safetensors: expected a header in JSON, got none: {error}") from error
    if not isinstance(header, dict):
        raise FormatError(f"safetensors: expected a header by name, got a {type(header).__name__}")
    room = size - _LENGTH - length
    return [_tensor(name, entry, room) for name, entry in header.items() if name != "__metadata__"]


def _tensor(name: str, entry: Any, room: int) -> Stored:
    fields: Mapping[str, Any] = entry if isinstance(entry, dict) else {}
    shape, offsets, kind = fields.get("shape"), fields.get("data_offsets"), fields.get("dtype")
    if not isinstance(kind, str) or len(kind) > _SHOWN:
        raise FormatError(f"safetensors: expected a type for {name[:_SHOWN]!r}, got none")
    if not is_shape(shape) or not is_shape(offsets) or len(offsets) != 2 or not offsets[0] <= offsets[1] <= room:
        raise FormatError(f"safetensors: expected a shape and a place within the file for {name[:_SHOWN]!r}")
    dtype, width = _TYPES.get(kind, (kind, 0))
    wanted, given = prod(shape) * width, offsets[1] - offsets[0]
    if width and wanted != given:
        raise FormatError(f"safetensors: expected {wanted:,} bytes for {name[:_SHOWN]!r}, got {given:,}")
    return Stored(name, tuple(shape), dtype)
