"""Broken copies of ONNX models: bytes flipped, fields changed, nodes dropped and doubled, all from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import onnx
from google.protobuf.descriptor import FieldDescriptor

NASTY_INTS = (-(1 << 63), -(1 << 31), -7, -2, -1, 0, 1, 2, 3, 13, 1 << 16, 1 << 31, 1 << 40, 1 << 62, (1 << 63) - 1)
NASTY_FLOATS = (0.0, -1.0, 1e-30, 0.5, 3.0, 1e9, 1e38, float("inf"), float("nan"))
NASTY_TEXT = (
    "", "x", "Conv", "If", "Loop", "Scan", "Resize", "Expand", "Tile", "Range", "ConstantOfShape", "Einsum", "Identity",
    "ai.onnx.ml", "com.microsoft", "auto_pad", "axis", "axes", "SAME_UPPER", "../../etc/passwd", "ij,jk->ik", "\u20ac",
)  # fmt: skip
_BIG = 1 << 20
_NARROW = (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_ENUM)
_WHOLE = (*_NARROW, FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64, FieldDescriptor.CPPTYPE_UINT32)


def mutated(model: onnx.ModelProto, rng: random.Random) -> onnx.ModelProto | bytes:
    """A broken copy; bytes if what was broken is how it is written down."""
    if model.ByteSize() < _BIG and rng.random() < 0.15:
        return _flipped(bytearray(model.SerializeToString()), rng)
    made = onnx.ModelProto()
    made.CopyFrom(model)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        change = rng.choice((_change_field, _change_field, _change_field, _change_node, _change_numbers))
        try:
            change(made, rng)
        except (ValueError, TypeError):  # a change that the field cannot hold: try another
            continue
    return made


def _flipped(data: bytearray, rng: random.Random) -> bytes:
    if rng.random() < 0.2:
        return bytes(data[: rng.randrange(len(data) + 1)])
    for _ in range(rng.choice((1, 1, 2, 5, 40))):
        at = rng.randrange(len(data))
        data[at] = rng.choice((rng.randrange(256), data[at] ^ (1 << rng.randrange(8)), 0, 255))
    return bytes(data)


def _messages(message: Any) -> Iterator[Any]:
    yield message
    for field, value in message.ListFields():
        if field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE:
            for inner in value if field.is_repeated else (value,):
                yield from _messages(inner)


def _change_field(model: onnx.ModelProto, rng: random.Random) -> None:
    """Any field of any message: another number, name or kind, gone, doubled, or in another order."""
    message = rng.choice(list(_messages(model)))
    field = rng.choice(message.DESCRIPTOR.fields)
    filled = [entry for entry, _ in message.ListFields()]
    if filled and rng.random() < 0.7:
        field = rng.choice(filled)
    if field.is_repeated:
        _change_list(model, message, field, rng)
    elif rng.random() < 0.15:
        message.ClearField(field.name)
    elif field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE:
        _fill(model, getattr(message, field.name), rng)
    else:
        setattr(message, field.name, _scalar(model, field, rng))


def _change_list(model: onnx.ModelProto, message: Any, field: Any, rng: random.Random) -> None:
    entries = getattr(message, field.name)
    nested = field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE
    what = rng.random()
    if what < 0.25 and len(entries):
        del entries[rng.randrange(len(entries))]
    elif what < 0.4 and len(entries) > 1:
        shuffled = [_copy(entry) if nested else entry for entry in entries]
        rng.shuffle(shuffled)
        del entries[:]
        entries.extend(shuffled)
    elif what < 0.55 and len(entries):
        entry = rng.choice(list(entries))
        entries.extend([_copy(entry) if nested else entry] * rng.choice((1, 1, 2, 9)))
    elif nested:
        _fill(model, entries.add(), rng)
    elif len(entries) and what < 0.9:
        entries[rng.randrange(len(entries))] = _scalar(model, field, rng)
    else:
        entries.append(_scalar(model, field, rng))


def _copy(message: Any) -> Any:
    made = type(message)()
    made.CopyFrom(message)
    return made


def _fill(model: onnx.ModelProto, target: Any, rng: random.Random) -> None:
    """Take the place of a message of the same kind from elsewhere in the model."""
    alike = [found for found in _messages(model) if type(found) is type(target) and found.ByteSize() < _BIG]
    source = _copy(rng.choice(alike)) if alike else type(target)()
    target.CopyFrom(source)


def _scalar(model: onnx.ModelProto, field: Any, rng: random.Random) -> Any:
    if field.cpp_type in _WHOLE:
        number = rng.choice((*NASTY_INTS, rng.randrange(30)))
        return ((number + (1 << 31)) % (1 << 32) - (1 << 31)) if field.cpp_type in _NARROW else number
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        known = [text for node in model.graph.node for text in (node.op_type, *node.input, *node.output)]
        return rng.choice((*NASTY_TEXT, *known))
    if field.type == FieldDescriptor.TYPE_BYTES:
        return rng.choice((b"", b"\xff\xfe", b"SAME_LOWER", b"linear", b"ij,jk->ik", rng.randbytes(rng.randrange(64))))
    return rng.choice(NASTY_FLOATS)


def _change_node(model: onnx.ModelProto, rng: random.Random) -> None:
    """A node with another operator, its inputs in another order, more or fewer of them, or none of it."""
    nodes = [found for found in _messages(model) if isinstance(found, onnx.NodeProto)]
    if not nodes:
        return
    node = rng.choice(nodes)
    what = rng.randrange(5)
    if what == 0:
        schemas = onnx.defs.get_all_schemas()
        node.op_type = rng.choice(schemas).name
        if rng.random() < 0.3:
            del node.attribute[:]
    elif what == 1 and len(node.input) > 1:
        names = list(node.input)
        rng.shuffle(names)
        node.input[:] = names
    elif what == 2 and node.input:
        node.input[rng.randrange(len(node.input))] = rng.choice(["", *(name for n in nodes for name in n.output)])
    elif what == 3:
        node.input.append(rng.choice(["", *(name for n in nodes for name in (*n.input, *n.output))]))
    elif node.output:
        node.output[rng.randrange(len(node.output))] = rng.choice(["", "other", *node.input])


def _change_numbers(model: onnx.ModelProto, rng: random.Random) -> None:
    """Inputs and constants that shapes follow from: nasty sizes and numbers."""
    sizes = [found for found in _messages(model) if isinstance(found, onnx.TensorShapeProto.Dimension)]
    stored = [found for found in _messages(model) if isinstance(found, onnx.TensorProto) and found.ByteSize() < _BIG]
    if sizes and (not stored or rng.random() < 0.5):
        rng.choice(sizes).dim_value = rng.choice((*NASTY_INTS, rng.randrange(30)))
    elif stored:
        tensor = rng.choice(stored)
        name, count = tensor.name, rng.choice((0, 1, 2, 4))
        tensor.CopyFrom(
            onnx.helper.make_tensor(name, 7, [count], [rng.choice((*NASTY_INTS, 5, 8)) for _ in range(count)])
        )
