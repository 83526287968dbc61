"""Small TFLite files, written with the accessors of the package ``tflite``, which our reader does not use."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

flatbuffers = pytest.importorskip("flatbuffers", reason="files are written with the package flatbuffers")
tflite = pytest.importorskip("tflite", reason="files are written with the package tflite")

CODES = {name: code for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)}
TYPES = {
    "float32": 0, "float16": 1, "int32": 2, "uint8": 3, "int64": 4, "string": 5, "bool": 6, "int16": 7, "complex64": 8,
    "int8": 9, "float64": 10, "complex128": 11, "uint64": 12, "resource": 13, "uint32": 15, "uint16": 16, "int4": 17,
}  # fmt: skip
SECOND = {name for name in vars(tflite.BuiltinOptions2) if not name.startswith("_")} - {"NONE"}


@dataclass
class T:
    """A tensor: its numbers where the file has them, scales where its integers have some."""

    shape: Sequence[int] = ()
    dtype: str = "float32"
    data: Any = None
    scale: Any = ()
    zero: Any = ()
    dim: int = 0
    name: str = ""
    variable: bool = False
    signature: Sequence[int] | None = None
    raw: bytes | None = None
    sparsity: Any = None

    @classmethod
    def of(cls, array: Any, dtype: str = "", **more: Any) -> "T":
        array = np.asarray(array)
        return cls(array.shape, dtype or str(array.dtype), array, **more)


@dataclass
class Op:
    """A call: tensors by number, settings by the names that the schema has."""

    kind: str
    inputs: Sequence[int]
    outputs: Sequence[int]
    table: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    custom: str = ""
    version: int = 1


@dataclass
class Graph:
    """A subgraph."""

    tensors: Sequence[T]
    inputs: Sequence[int]
    outputs: Sequence[int]
    ops: Sequence[Op]


def written(*graphs: Graph, metadata: dict[str, bytes] | None = None) -> bytes:
    """A file of subgraphs, the first of them the network."""
    b = flatbuffers.Builder(1024)
    stored: list[bytes] = [b""]
    codes: list[tuple[str, str, int]] = []
    subgraphs = [_graph(b, graph, stored, codes) for graph in graphs]
    kept = []
    for name, data in (metadata or {}).items():
        stored.append(data)
        text = b.CreateString(name)
        kept.append(_table(b, "Metadata", name=text, buffer=len(stored) - 1))
    buffers = []
    for data in stored:
        vector = b.CreateByteVector(data) if data else None
        buffers.append(_table(b, "Buffer", data=vector))
    entries = []
    for kind, custom, version in codes:
        code = CODES[kind]
        text = b.CreateString(custom) if custom else None
        entries.append(
            _table(
                b,
                "OperatorCode",
                deprecated_builtin_code=min(code, 127),
                custom_code=text,
                builtin_code=code,
                version=version,
            )
        )
    model = _table(
        b, "Model", version=3, operator_codes=_offsets(b, entries), subgraphs=_offsets(b, subgraphs),
        buffers=_offsets(b, buffers), metadata=_offsets(b, kept) if kept else None,
    )  # fmt: skip
    b.Finish(model, b"TFL3")
    return bytes(b.Output())


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _table(b: Any, table: str, **fields: Any) -> int:
    module = getattr(tflite, table).__module__
    functions = vars(__import__(module, fromlist=["x"]))
    functions[f"{table}Start"](b)
    for name, value in fields.items():
        if value is not None:
            functions[f"{table}Add{_camel(name)}"](b, value)
    return int(functions[f"{table}End"](b))


def _offsets(b: Any, entries: Sequence[int]) -> int:
    b.StartVector(4, len(entries), 4)
    for entry in reversed(entries):
        b.PrependUOffsetTRelative(entry)
    return int(b.EndVector())


def _numbers(b: Any, values: Sequence[Any], dtype: str = "int32") -> int:
    return int(b.CreateNumpyVector(np.asarray(values, dtype).reshape(-1)))


def _packed(tensor: T) -> bytes:
    if tensor.raw is not None:
        return tensor.raw
    if tensor.data is None:
        return b""
    if tensor.dtype == "int4":
        flat = np.asarray(tensor.data, np.int8).reshape(-1).view(np.uint8) & 15
        flat = np.append(flat, np.zeros(len(flat) % 2, np.uint8))
        return bytes((flat[::2] | flat[1::2] << 4).astype(np.uint8))
    return np.ascontiguousarray(np.asarray(tensor.data).astype(tensor.dtype)).tobytes()


def _tensor(b: Any, tensor: T, at: int, stored: list[bytes]) -> int:
    data, buffer = _packed(tensor), 0
    if data:
        stored.append(data)
        buffer = len(stored) - 1
    name = b.CreateString(tensor.name or f"t{at}")
    shape = _numbers(b, tensor.shape)
    signature = None if tensor.signature is None else _numbers(b, tensor.signature)
    quantization = None
    if np.size(tensor.scale):
        scale = _numbers(b, np.atleast_1d(tensor.scale), "float32")
        zeros = np.broadcast_to(
            np.atleast_1d(tensor.zero if np.size(tensor.zero) else 0), np.shape(np.atleast_1d(tensor.scale))
        )
        zero = _numbers(b, zeros, "int64")
        quantization = _table(b, "QuantizationParameters", scale=scale, zero_point=zero, quantized_dimension=tensor.dim)
    sparsity = None if tensor.sparsity is None else _sparsity(b, *tensor.sparsity)
    return _table(
        b, "Tensor", shape=shape, type=TYPES[tensor.dtype], buffer=buffer, name=name, quantization=quantization,
        is_variable=tensor.variable or None, shape_signature=signature, sparsity=sparsity,
    )  # fmt: skip


def _sparsity(b: Any, order: Sequence[int], blocks: Sequence[int], levels: Sequence[Any]) -> int:
    """Levels are sizes, or segments and indices."""
    made = []
    for level in levels:
        if isinstance(level, int):
            made.append(_table(b, "DimensionMetadata", format=0, dense_size=level))
            continue
        segments, indices = (_table(b, "Int32Vector", values=_numbers(b, part)) for part in level)
        kind = tflite.SparseIndexVector.Int32Vector
        made.append(
            _table(
                b,
                "DimensionMetadata",
                format=1,
                array_segments_type=kind,
                array_segments=segments,
                array_indices_type=kind,
                array_indices=indices,
            )
        )
    parts = _numbers(b, order), _numbers(b, blocks) if blocks else None, _offsets(b, made)
    return _table(b, "SparsityParameters", traversal_order=parts[0], block_map=parts[1], dim_metadata=parts[2])


def _options(b: Any, op: Op) -> int | None:
    if not op.table:
        return None
    kinds = {}
    for name, value in op.options.items():
        if isinstance(value, str):
            kinds[name] = b.CreateString(value)
        elif isinstance(value, list | tuple):
            source = re.search(
                rf"def {op.table}Start{_camel(name)}Vector.*\n    return builder.StartVector\((\d)", _source(op.table)
            )
            width = int(source[1]) if source else 4
            floating = name == "boundaries"
            kinds[name] = _numbers(b, value, "float32" if floating else f"int{8 * width}")
        else:
            kinds[name] = value
    return _table(b, op.table, **kinds)


def _source(table: str) -> str:
    import inspect

    return inspect.getsource(__import__(getattr(tflite, table).__module__, fromlist=["x"]))


def _graph(b: Any, graph: Graph, stored: list[bytes], codes: list[tuple[str, str, int]]) -> int:
    tensors = [_tensor(b, tensor, at, stored) for at, tensor in enumerate(graph.tensors)]
    calls = []
    for op in graph.ops:
        code = (op.kind, op.custom, op.version)
        if code not in codes:
            codes.append(code)
        options = _options(b, op)
        inputs, outputs = _numbers(b, op.inputs), _numbers(b, op.outputs)
        fields: dict[str, Any] = {"opcode_index": codes.index(code), "inputs": inputs, "outputs": outputs}
        if options is not None and op.table in SECOND:
            fields |= {"builtin_options2_type": getattr(tflite.BuiltinOptions2, op.table), "builtin_options2": options}
        elif options is not None:
            fields |= {"builtin_options_type": getattr(tflite.BuiltinOptions, op.table), "builtin_options": options}
        calls.append(_table(b, "Operator", **fields))
    parts = _offsets(b, tensors), _numbers(b, graph.inputs), _numbers(b, graph.outputs), _offsets(b, calls)
    return _table(b, "SubGraph", **dict(zip(("tensors", "inputs", "outputs", "operators"), parts, strict=True)))
