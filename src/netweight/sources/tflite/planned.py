"""A TFLite file with a memory plan in it: what was there stays byte for byte, and a new beginning leads to it.

Offsets in a FlatBuffer only lead forward. A new root table, with lists of buffers and metadata that are longer by one,
therefore lies before the old bytes; it refers to all tables that it does not replace where they are.
"""

from __future__ import annotations

from collections.abc import Sequence

from netweight.errors import FormatError, UsageError
from netweight.sources.tflite.arena import METADATA, packed
from netweight.sources.tflite.flat import Flat
from netweight.sources.tflite.front import BEGIN, Front
from netweight.sources.tflite.model import parse_model
from netweight.sources.tflite.schema import TABLES

_FIELDS = tuple(entry.partition(":")[0] for entry in TABLES["Model"].split())
_VERSION, _BUFFERS, _METADATA = (_FIELDS.index(name) for name in ("version", "buffers", "metadata"))


def with_plan(data: bytes, offsets: Sequence[int]) -> bytes:
    """The file with an offset for each tensor of its subgraph; a plan that it had is replaced.

    Args:
        data: A TFLite file.
        offsets: Bytes from the start of the arena, -1 for tensors that the interpreter places by itself.

    Raises:
        FormatError: If it is no such file, has weights behind its tables, or is of a newer form.
        UsageError: If there are more or fewer offsets than tensors.
    """
    count = len(parse_model(data).subgraphs[0].tensors)
    if len(offsets) != count:
        raise UsageError(
            f"plan: expected {count} offsets, one for each tensor of the model, got {len(offsets)}",
            why="the plan is that of another model",
        )
    flat = Flat(data)
    root = flat.root("Model", data[4:BEGIN])
    _check_inside(root)
    kept = [entry.name != METADATA for entry in root.metadata or ()]
    return _front(flat, kept, packed(tuple(offsets))).before(data)


def _check_inside(root: object) -> None:
    """Refuse files in which places are counted from the first byte: what comes before would move them."""
    buffers = getattr(root, "buffers", None) or ()
    calls = [call for graph in getattr(root, "subgraphs", None) or () for call in graph.operators or ()]
    if any(buffer.offset > 1 for buffer in buffers) or any(call.large_custom_options_offset > 1 for call in calls):
        raise FormatError("plan: expected a TFLite file with all weights in its tables, got some behind them")


def _front(flat: Flat, kept: Sequence[bool], plan: bytes) -> Front:
    """What comes before the old tables: a root, longer lists, and the plan."""
    old = _fields(flat)
    buffers = _entries(flat, old.get(_BUFFERS))
    metadata = [at for at, keep in zip(_entries(flat, old.get(_METADATA)), kept, strict=True) if keep]
    front = Front(flat.data[4:BEGIN])
    front.point(0)
    slots = front.table([slot in old or slot in (_BUFFERS, _METADATA) for slot in range(len(_FIELDS))])
    for slot, at in old.items():
        if slot == _VERSION:
            front.number(slots[slot], flat.number("I", at))
        elif slot not in (_BUFFERS, _METADATA):
            front.point_old(slots[slot], at + flat.number("I", at))
    front.point(slots[_BUFFERS])
    new_buffer = front.vector(buffers)
    front.point(slots[_METADATA])
    new_metadata = front.vector(metadata)
    front.point(new_metadata)
    name, number = front.table([True, True])
    front.number(number, len(buffers))
    front.point(name)
    front.text(METADATA)
    front.point(new_buffer)
    (numbers,) = front.table([True])
    front.blob(numbers, plan)
    return front


def _fields(flat: Flat) -> dict[int, int]:
    """Where each field of the root table lies that it has, by its number."""
    start = flat.number("I", 0)
    vtable = start - flat.number("i", start)
    offsets = [flat.number("H", vtable + at) for at in range(4, flat.number("H", vtable) - 1, 2)]
    if any(offsets[len(_FIELDS) :]):
        raise FormatError("plan: expected a TFLite file of schema 3, got one with parts that are newer")
    return {slot: start + offset for slot, offset in enumerate(offsets) if offset}


def _entries(flat: Flat, at: int | None) -> list[int]:
    """Where each table of a list lies."""
    if at is None:
        return []
    start = at + flat.number("I", at)
    places = range(start + 4, start + 4 + 4 * flat.number("I", start), 4)
    return [place + flat.number("I", place) for place in places]
