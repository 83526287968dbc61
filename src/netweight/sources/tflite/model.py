"""A TFLite model as plain data: subgraphs, tensors, operators; every index is one of something that is there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from netweight.errors import FormatError
from netweight.sources.tflite.flat import Flat
from netweight.sources.tflite.schema import ENUMS

_IDENTIFIER = b"TFL3"
_OPERATORS = ENUMS["BuiltinOperator"].split()
_CUSTOM = _OPERATORS.index("CUSTOM")
_OLD = 127
"""The code that stands in the old field for one that does not fit into it."""
_MOST = 1 << 62
"""More elements than any tensor has."""
_MOST_DIMS = 64
_DTYPES = (
    "float32", "float16", "int32", "uint8", "int64", "string", "bool", "int16", "complex64", "int8", "float64",
    "complex128", "uint64", "resource", "variant", "uint32", "uint16", "int4", "bfloat16", "int2", "uint4",
)  # fmt: skip
"""``TensorType`` to our element type; texts, resources and variants are known by name and weighed by nobody."""


@dataclass(frozen=True, slots=True)
class Scales:
    """How the integers of a tensor stand for real numbers: real = scale * (integer - zero point).

    Attributes:
        scale: One number for all, or one for each position of a dimension.
        zero_point: As many integers, or one, or none.
        dim: The dimension.
    """

    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    dim: int

    @property
    def zero(self) -> int:
        """The zero point of a tensor that has one."""
        return self.zero_point[0] if self.zero_point else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorInfo:
    """A tensor as the file describes it.

    Attributes:
        index: Its number in the subgraph.
        name: Its name.
        shape: Sizes that it has as the file stands.
        signature: The same, -1 for sizes that may be others.
        dtype: Element type.
        data: Its elements, None if it has none in the file.
        scales: How its integers stand for real numbers, None if they do not.
        sparsity: How its elements are stored where those that are zero are not.
        variable: Whether it keeps its elements from one run to the next.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    signature: tuple[int, ...]
    dtype: str
    data: memoryview | None = None
    scales: Scales | None = None
    sparsity: Any = None
    variable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorInfo:
    """A call of an operator.

    Attributes:
        index: Its number in the subgraph.
        kind: Name of the operator, as ``CONV_2D``; that of a custom one as the file has it.
        custom: Whether it is a custom one.
        options: Its settings by name, None if it has none.
        inputs: Tensors that it reads, -1 where an optional one is left out.
        outputs: Tensors that it writes.
        custom_options: Settings of a custom operator, in a form that only its author knows.
    """

    index: int
    kind: str
    custom: bool
    options: Any
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    custom_options: memoryview | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subgraph:
    """A network, or a part that an operator calls.

    Attributes:
        name: Its name.
        tensors: All tensors.
        inputs: Those that the caller gives.
        outputs: Those that the caller gets.
        operators: Calls in the order of execution.
    """

    name: str
    tensors: tuple[TensorInfo, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    operators: tuple[OperatorInfo, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TfliteModel:
    """A whole file.

    Attributes:
        subgraphs: The network, then the parts that operators call.
        description: What the file says of itself.
        names: Names that a signature gives to tensors of the first subgraph.
        metadata: Name and bytes of what else is in the file.
    """

    subgraphs: tuple[Subgraph, ...]
    description: str = ""
    names: dict[int, str] = field(default_factory=dict)
    metadata: tuple[tuple[str, memoryview], ...] = ()


def parse_model(data: bytes) -> TfliteModel:
    """The model in a file.

    Raises:
        FormatError: If it is not a TFLite file, cut short, or contradicts itself.
    """
    flat = Flat(data)
    root = flat.root("Model", _IDENTIFIER)
    buffers = [_stored(flat, buffer) for buffer in root.buffers or ()]
    codes = [_code(entry) for entry in root.operator_codes or ()]
    subgraphs = tuple([_subgraph(entry, at, buffers, codes) for at, entry in enumerate(root.subgraphs or ())])
    if not subgraphs:
        raise FormatError("tflite: expected a file with a subgraph, got none")
    return TfliteModel(
        subgraphs=subgraphs,
        description=root.description or "",
        names=_signature(root.signature_defs or ()),
        metadata=tuple(
            [
                (entry.name or "", buffers[entry.buffer])
                for entry in root.metadata or ()
                if entry.buffer < len(buffers) and buffers[entry.buffer] is not None
            ]
        ),
    )


def _stored(flat: Flat, buffer: Any) -> memoryview | None:
    """Bytes of a buffer: in it, or behind all of the file's tables where that is too large for them."""
    if buffer.offset > 1:
        return flat.slice(buffer.offset, buffer.size)
    return buffer.data.view if buffer.data is not None and len(buffer.data) else None


def _code(entry: Any) -> tuple[str, bool]:
    """Name of an operator, and whether it is a custom one; an unknown code is called by its number."""
    old = entry.deprecated_builtin_code
    code = max(entry.builtin_code, old if old != _OLD else 0)
    if code == _CUSTOM:
        return entry.custom_code or "custom", True
    return (_OPERATORS[code], False) if 0 <= code < len(_OPERATORS) else (f"operator {code}", True)


def _signature(definitions: Sequence[Any]) -> dict[int, str]:
    """Names of tensors in the first signature of the first subgraph."""
    found = next((entry for entry in definitions if not entry.subgraph_index), None)
    entries = () if found is None else (*(found.inputs or ()), *(found.outputs or ()))
    return {entry.tensor_index: entry.name for entry in entries if entry.name}


def _subgraph(entry: Any, number: int, buffers: Sequence[Any], codes: Sequence[tuple[str, bool]]) -> Subgraph:
    tensors = tuple([_tensor(tensor, at, buffers) for at, tensor in enumerate(entry.tensors or ())])
    where = f"subgraph {number}"
    operators = [_operator(call, at, codes, len(tensors), where) for at, call in enumerate(entry.operators or ())]
    return Subgraph(
        name=entry.name or "",
        tensors=tensors,
        inputs=_indices(entry.inputs, len(tensors), f"{where}: inputs"),
        outputs=_indices(entry.outputs, len(tensors), f"{where}: outputs"),
        operators=tuple(operators),
    )


def _operator(call: Any, at: int, codes: Sequence[tuple[str, bool]], count: int, where: str) -> OperatorInfo:
    if not call.opcode_index < len(codes):
        raise FormatError(f"tflite: expected an operator code below {len(codes)}, got {call.opcode_index}")
    kind, custom = codes[call.opcode_index]
    return OperatorInfo(
        index=at,
        kind=kind,
        custom=custom,
        options=call.builtin_options2 if call.builtin_options is None else call.builtin_options,
        inputs=_indices(call.inputs, count, f"{where}: {kind} {at}", left_out=True),
        outputs=_indices(call.outputs, count, f"{where}: {kind} {at}"),
        custom_options=None if call.custom_options is None else call.custom_options.view,
    )


def _indices(numbers: Any, count: int, where: str, *, left_out: bool = False) -> tuple[int, ...]:
    found = () if numbers is None else numbers.values()
    least = -1 if left_out else 0
    wrong = next((number for number in found if not least <= number < count), None)
    if wrong is not None:
        raise FormatError(f"tflite: expected tensors from {least} to {count - 1}, got {wrong} ({where})")
    return found


def _tensor(entry: Any, at: int, buffers: Sequence[Any]) -> TensorInfo:
    name = entry.name or f"tensor_{at}"
    shape = () if entry.shape is None else entry.shape.values()
    if not 0 <= entry.type < len(_DTYPES):
        raise FormatError(f"tflite: expected an element type, got {entry.type} for {name!r}")
    if len(shape) > _MOST_DIMS or min(shape, default=0) < 0 or math.prod(max(size, 1) for size in shape) >= _MOST:
        raise FormatError(f"tflite: expected sizes from 0 on and less than 2^62 elements, got {shape} for {name!r}")
    if not entry.buffer < max(len(buffers), 1):
        raise FormatError(f"tflite: expected a buffer below {len(buffers)}, got {entry.buffer} for {name!r}")
    signature = shape if not entry.shape_signature else entry.shape_signature.values()
    return TensorInfo(
        index=at,
        name=name,
        shape=shape,
        signature=signature if len(signature) == len(shape) else shape,
        dtype=_DTYPES[entry.type],
        data=buffers[entry.buffer] if entry.buffer else None,
        scales=_scales(entry.quantization, len(shape), name),
        sparsity=entry.sparsity,
        variable=entry.is_variable,
    )


def _scales(entry: Any, rank: int, name: str) -> Scales | None:
    if entry is None or entry.scale is None or not len(entry.scale):
        return None
    scale = entry.scale.values()
    zeros = () if entry.zero_point is None else entry.zero_point.values()
    dim = entry.quantized_dimension if rank > 1 else 0
    if len(scale) > 1 and not 0 <= dim < max(rank, 1):
        raise FormatError(f"tflite: expected scales along a dimension below {rank}, got {dim} for {name!r}")
    return Scales(scale, zeros, dim)
