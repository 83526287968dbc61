"""Tensors of a file: their elements, where it has them, read when somebody asks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from netweight.errors import FormatError
from netweight.ir import Quantization, TensorSpec, bits_of
from netweight.lazy import Array, np
from netweight.ops.arrays.dtypes import held_type
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.sparse import densified

if TYPE_CHECKING:
    from netweight.sources.tflite.model import TensorInfo

NO_NUMBERS = frozenset({"string", "resource", "variant"})
"""Element types that nobody weighs."""
_BYTE = 8
_SCALE_BITS, _ZERO_BITS = 32, 64
"""Bits of a scale and of a zero point in a file."""


def label_of(name: str) -> str:
    """What a tensor is called: converters join the names of all that they fused, and number outputs.

    >>> label_of("serving_default_x:0"), label_of("net/relu/Relu;net/conv/BiasAdd")
    ('serving_default_x', 'net/relu/Relu')
    """
    first = name.partition(";")[0]
    stem, colon, number = first.rpartition(":")
    return stem if colon and number.isdigit() and stem else first


def stored_tensor(info: TensorInfo) -> Tensor:
    """A tensor whose elements are in the file.

    Raises:
        FormatError: If there are more or fewer than its shape says.
    """
    _check_size(info)
    spec = TensorSpec(info.shape, info.dtype)
    return Tensor(label_of(info.name), spec, lambda: elements(info), fixed=True, stored=True)


def variable(info: TensorInfo) -> Tensor:
    """A tensor that keeps its elements from one run to the next, zeros at the first."""
    return Tensor(label_of(info.name), TensorSpec(info.shape, info.dtype), role="buffer")


def weigh(tensor: Tensor | None, info: TensorInfo | None) -> None:
    """Mark stored integers as a parameter of their stored width, with the scales that the file has beside them."""
    if tensor is None or info is None or not tensor.stored or not tensor.rank or tensor.role == "constant":
        return
    tensor.role = "parameter"
    if info.scales is not None:
        tensor.quantization = Quantization(
            group_size=max(tensor.spec.numel // len(info.scales.scale), 1),
            scale_bits=_SCALE_BITS,
            zero_point_bits=_ZERO_BITS if info.scales.zero_point else 0,
        )


def elements(info: TensorInfo) -> Array:
    """The elements; integers of a few bits in bytes.

    Raises:
        FormatError: If what is stored does not fit the shape.
    """
    if info.data is None:
        return np.zeros(info.shape, held_type(info.dtype))
    if info.sparsity is not None:
        flat = _numbers(info, len(info.data) * _BYTE // bits_of(info.dtype))
        return densified(info.sparsity, flat, info.shape, info.name)
    return _numbers(info, math.prod(info.shape)).reshape(info.shape)


def _numbers(info: TensorInfo, count: int) -> Array:
    assert info.data is not None  # a variable has no elements
    bits = bits_of(info.dtype)
    if bits >= _BYTE:
        return np.frombuffer(info.data, held_type(info.dtype), count)
    packed = np.frombuffer(info.data, np.uint8)
    parts = (packed[:, None] >> np.arange(0, _BYTE, bits, dtype=np.uint8)) & (2**bits - 1)
    whole = parts.reshape(-1)[:count].astype(np.int8)
    if info.dtype.startswith("u"):
        return whole.astype(np.uint8)
    return np.where(whole >= 2 ** (bits - 1), whole - 2**bits, whole).astype(np.int8)


def _check_size(info: TensorInfo) -> None:
    """Refuse elements that are more or fewer than the shape says; of sparse ones nobody knows yet."""
    if info.data is None or info.sparsity is not None:
        return
    wanted = TensorSpec(info.shape, info.dtype).nbytes
    if len(info.data) != wanted:
        raise FormatError(
            f"tflite: expected {wanted:,} bytes for {info.dtype}{list(info.shape)}, got {len(info.data):,} "
            f"for {label_of(info.name)!r}"
        )
