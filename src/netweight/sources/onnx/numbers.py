"""Element types and stored tensors of ONNX."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netweight.errors import FormatError
from netweight.ir import TensorSpec
from netweight.lazy import Array
from netweight.sources.onnx.lazy_weights import is_cut, restored

if TYPE_CHECKING:
    from onnx import TensorProto

DTYPES = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "string", 9: "bool",
    10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 16: "bfloat16",
    17: "float8_e4m3fn", 18: "float8_e4m3fnuz", 19: "float8_e5m2", 20: "float8_e5m2fnuz", 21: "uint4", 22: "int4",
    23: "float4_e2m1fn", 24: "float8_e8m0fnu", 25: "uint2", 26: "int2",
}  # fmt: skip
"""``TensorProto.DataType`` to our element type; ``string`` is known by name and weighed by nobody."""

NUMBERS = {name: number for number, name in DTYPES.items()}
PRODUCER = "netweight"
"""What files call their writer that we wrote."""
KIND = "netweight.kind"
"""Key of the metadata of stored numbers: what they are in a graph, where how they are read does not tell."""
LARGEST = 1 << 62
"""More elements than any tensor has: a file that claims so is corrupt."""


def dtype_of(number: int, where: str) -> str:
    """Our element type of a ``TensorProto.DataType``.

    Raises:
        FormatError: If there is no such type.
    """
    if number not in DTYPES:
        raise FormatError(f"onnx: expected an element type, got {number} for {where!r}")
    return DTYPES[number]


def checked_shape(dims: Any, where: str) -> tuple[int, ...]:
    """Sizes of a tensor.

    Raises:
        FormatError: If one is negative, or there are more elements than memory can have addresses.
    """
    shape = tuple(int(size) for size in dims)
    count = 1
    for size in shape:
        count *= max(size, 1)
        if size < 0 or count >= LARGEST:
            raise FormatError(f"shape: expected sizes from 0 on and less than 2^62 elements, got {shape} for {where!r}")
    return shape


def spec_of(stored: TensorProto) -> TensorSpec:
    """Shape and element type of a stored tensor, without looking at its elements."""
    name = stored.name or "a constant"
    return TensorSpec(checked_shape(stored.dims, name), dtype_of(stored.data_type, name))


def is_external(stored: TensorProto) -> bool:
    """Whether the elements lie in another file."""
    return stored.data_location == 1 and not is_cut(stored)


def array_of(stored: TensorProto) -> Array:
    """The elements of a stored tensor; NumPy's types, or those of ml_dtypes.

    Raises:
        FormatError: If there are more or fewer than the shape says.
    """
    from onnx import numpy_helper

    if is_cut(stored):
        stored = restored(stored)
    try:
        array: Array = numpy_helper.to_array(stored)
    except Exception as error:  # whatever a corrupt tensor makes NumPy say
        raise FormatError(f"onnx: expected the numbers of {stored.name!r}, got none: {error}") from error
    return array
