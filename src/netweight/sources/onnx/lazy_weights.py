"""A large file is read without the elements of its large weights, which stay on disk until somebody asks for them.

What is read is the wire format of protocol buffers: fields, each a number, a kind, and bytes. The graph is field 7 of a
model, a weight field 5 of a graph, its elements field 9 of a weight. In their place the weight says where they are, as
one whose elements lie in another file does; a key that no file can know tells the two apart.

Source: protobuf.dev/programming-guides/encoding; onnx.proto.
"""

from __future__ import annotations

import mmap
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netweight.errors import FormatError

if TYPE_CHECKING:
    from onnx import ModelProto, TensorProto

_KEY = f"netweight-{secrets.token_hex(16)}"
_GRAPH, _WEIGHT, _ELEMENTS, _EXTERNAL, _LOCATION = 7, 5, 9, 13, 14
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST = 70
"""Bits that a valid number has at most."""


class _OddError(Exception):
    """The file is not written as expected; protobuf itself says what is wrong with it, if anything is."""


class _WireField(NamedTuple):
    number: int
    kind: int
    start: int
    body: int
    stop: int


def without_weights(path: Path, *, least: int) -> bytes | None:
    """The model in a file as bytes to parse, weights of ``least`` bytes and more cut out; None if it is not to be cut.

    Args:
        path: The file.
        least: Bytes from which on the elements of a weight are left where they are.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return b"".join(_model(data, f"{_state(file)} {os.fsencode(path.resolve()).hex()}", least))
        except (_OddError, IndexError):
            return None


def _state(file: Any) -> str:
    """Size and modification time of an open file: they change when somebody writes to it."""
    found = os.fstat(file.fileno())
    return f"{found.st_size} {found.st_mtime_ns}"


def is_cut(stored: TensorProto) -> bool:
    """Whether the elements were left in the file that the tensor comes from."""
    return any(entry.key == _KEY for entry in stored.external_data)


def restored(stored: TensorProto) -> TensorProto:
    """The tensor with its elements.

    Raises:
        FormatError: If the file is no longer what it was.
    """
    made = type(stored)()
    made.CopyFrom(stored)
    restore(made)
    return made


def restore(stored: TensorProto) -> None:
    """Put the elements back in.

    Raises:
        FormatError: If the file is no longer what it was.
    """
    place = next(entry.value for entry in stored.external_data if entry.key == _KEY)
    start, length, *known, encoded = place.split(" ")
    path = os.fsdecode(bytes.fromhex(encoded))
    try:
        with Path(path).open("rb") as file:
            file.seek(int(start))
            elements = file.read(int(length))
            state = _state(file)
    except OSError as error:
        raise FormatError(f"file: expected the weights in {path!r}, got none: {error.strerror}") from error
    if state != " ".join(known):
        raise FormatError(
            f"file: expected {path!r} as it was when the model was read, got one written since", fix="read it again"
        )
    stored.ClearField("external_data")
    stored.ClearField("data_location")
    stored.raw_data = elements


def restore_all(model: ModelProto) -> None:
    """Put the elements of all weights back in.

    Raises:
        FormatError: If the file is no longer what it was.
    """
    for stored in model.graph.initializer:
        if is_cut(stored):
            restore(stored)


def _model(data: Any, home: str, least: int) -> Iterator[bytes]:
    for field in _fields(data, 0, len(data)):
        if field.number == _GRAPH and field.kind == _BYTES:
            yield _framed(_GRAPH, b"".join(_graph(data, field, home, least)))
        else:
            yield data[field.start : field.stop]


def _graph(data: Any, graph: _WireField, home: str, least: int) -> Iterator[bytes]:
    kept = graph.body
    for field in _fields(data, graph.body, graph.stop):
        if field.number == _WEIGHT and field.kind == _BYTES and field.stop - field.body >= least:
            yield data[kept : field.start]
            yield _framed(_WEIGHT, _weight(data, field, home, least))
            kept = field.stop
    yield data[kept : graph.stop]


def _weight(data: Any, weight: _WireField, home: str, least: int) -> bytes:
    """A weight with a place instead of elements, as it is if it has none or too few of them."""
    kept, cut = [], []
    for field in _fields(data, weight.body, weight.stop):
        if field.number in (_EXTERNAL, _LOCATION):
            raise _OddError
        if field.number == _ELEMENTS and field.kind == _BYTES and field.stop - field.body >= least:
            cut.append(field)
        else:
            kept.append(data[field.start : field.stop])
    if not cut:
        return b"".join(kept)
    if len(cut) > 1:
        raise _OddError
    place = f"{cut[0].body} {cut[0].stop - cut[0].body} {home}".encode()
    entry = _framed(_EXTERNAL, _framed(1, _KEY.encode()) + _framed(2, place))
    return b"".join((*kept, entry, _tag(_LOCATION, _VARINT), b"\x01"))


def _fields(data: Any, at: int, end: int) -> Iterator[_WireField]:
    """Fields of a message.

    Raises:
        _OddError: If it does not end where it should.
    """
    while at < end:
        start = at
        tag, at = _number(data, at)
        kind, body = tag & 7, at
        if kind == _BYTES:
            length, body = _number(data, at)
            at = body + length
        elif kind == _VARINT:
            _, at = _number(data, at)
        elif kind in (_FIXED64, _FIXED32):
            at += 8 if kind == _FIXED64 else 4
        else:
            raise _OddError
        if at > end:
            raise _OddError
        yield _WireField(tag >> 3, kind, start, body, at)


def _number(data: Any, at: int) -> tuple[int, int]:
    """A number written seven bits at a time, and where it ends."""
    byte = data[at]
    if byte < 128:  # as most are
        return byte, at + 1
    found = shift = 0
    while byte >= 128:
        found |= (byte & 127) << shift
        shift += 7
        at += 1
        if shift >= _LONGEST:
            raise _OddError
        byte = data[at]
    return found | byte << shift, at + 1


def _framed(number: int, body: bytes) -> bytes:
    """A field of bytes."""
    return _tag(number, _BYTES) + _digits(len(body)) + body


def _tag(number: int, kind: int) -> bytes:
    return _digits(number << 3 | kind)


def _digits(number: int) -> bytes:
    digits = []
    while number > 127:
        digits.append(number & 127 | 128)
        number >>= 7
    return bytes([*digits, number])
