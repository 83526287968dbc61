"""Small integers as ONNX Runtime multiplies them: by blocks, with scales of the input, between two layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from netweight.errors import FormatError
from netweight.functions import reduce
from netweight.functions.move.embed import embedding
from netweight.ir import Quantization, bits_of
from netweight.lazy import Array, np
from netweight.ops.contract.integer import RequantizeAttrs
from netweight.ops.move.slicing import ConcatAttrs
from netweight.ops.norm.softmax import SoftmaxAttrs
from netweight.ops.pointwise.activation import LeakyReluAttrs
from netweight.ops.quantize.affine import QuantizeAttrs, ScaleAttrs
from netweight.ops.quantize.blocks import BlockAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers, one_kernel
from netweight.sources.onnx.lower.common import axes_of, axis_of, transposed
from netweight.sources.onnx.lower.contract.fused import from_first, to_first
from netweight.sources.onnx.lower.parts import made_of
from netweight.sources.onnx.lower.quantize.layers import (
    by_row,
    joint_scale,
    learned_if,
    only,
    qlinear_conv,
    setting,
    weigh_as_stored,
)
from netweight.sources.onnx.lower.window.pool import average_pool, global_average_pool
from netweight.sources.onnx.tensor import Tensor

_MICROSOFT = "com.microsoft"
_BYTE = 8


def unpacked(packed: Array, bits: int) -> Array:
    """Integers of a few bits out of bytes, the first in the lowest bits.

    >>> from netweight.lazy import np
    >>> unpacked(np.array([[0x21, 0x43]], np.uint8), 4).tolist()
    [[1, 2, 3, 4]]
    """
    stream = np.unpackbits(packed, axis=-1, bitorder="little")
    count = stream.shape[-1] // bits
    parts = stream[..., : count * bits].reshape(*packed.shape[:-1], count, bits)
    return (parts << np.arange(bits, dtype=np.uint8)).sum(axis=-1, dtype=np.uint8)


@lowers(f"{_MICROSOFT}.MatMulNBits")
@one_kernel
def matmul_nbits(
    call: Call, a: Tensor, b: Tensor, scales: Tensor, zero_points: Tensor | None = None, order: Tensor | None = None,
    bias: Tensor | None = None,
) -> Any:  # fmt: skip
    """A linear layer whose weight is stored in a few bits, with a scale per block of inputs.

    Without zero points the middle of the range stands for zero, and the weight is one of signed integers.
    """
    rows, columns, bits = call.need("N"), call.need("K"), call.attr("bits", 4)
    size = call.need("block_size")
    blocks = -(-columns // size)
    unusual = order is not None or call.attr("weight_prepacked", 0) or not b.stored
    if unusual or (zero_points is not None and zero_points.floating):
        return NotImplemented
    _check_packed(call, b, rows * blocks * (size * bits // _BYTE))
    signed = zero_points is None

    def make(packed: Array) -> Array:
        numbers = unpacked(packed.reshape(rows, blocks, -1), bits).reshape(rows, -1)[:, :columns]
        return (numbers.astype(np.int16) - 2 ** (bits - 1)).astype(np.int8) if signed else numbers

    weight = made_of(call, b, ("weight",), (rows, columns), make, dtype=f"{'' if signed else 'u'}int{bits}")
    weight.role = "parameter"
    weight.quantization = Quantization(
        group_size=size, scale_bits=bits_of(scales.dtype), zero_point_bits=0 if signed else bits
    )
    zeros = None if zero_points is None else _unpacked_zeros(call, zero_points, rows, blocks, bits)
    attrs = BlockAttrs(dim=1, block_size=size)
    wide = call.op("dequantize_blocks", attrs, weight, setting(call, scales, (rows, blocks)), zeros)
    return call.op("linear", None, a, learned_if(weight, wide), bias)


def _check_packed(call: Call, b: Tensor, count: int) -> None:
    """Refuse weights that are not as large as the node says.

    Raises:
        FormatError: If they are not.
    """
    if b.spec.numel != count or b.dtype != "uint8":
        raise FormatError(f"{call.node.op_type}: expected {count} bytes of weights, got {b.spec}")


def _unpacked_zeros(call: Call, packed: Tensor, rows: int, blocks: int, bits: int) -> Tensor:
    def make(array: Array) -> Array:
        return unpacked(array.reshape(rows, -1), bits)[:, :blocks]

    zeros = made_of(call, packed, ("zeros",), (rows, blocks), make, dtype=f"uint{bits}")
    zeros.role = "constant"
    return zeros


@lowers(f"{_MICROSOFT}.GatherBlockQuantized")
@one_kernel
def gather_block_quantized(
    call: Call, data: Tensor, indices: Tensor, scales: Tensor, zero_points: Tensor | None = None
) -> Any:
    """Rows of a table that is stored in a few bits; only those looked up are made floating."""
    bits, size = call.attr("bits", 4), call.attr("block_size", 128)
    axes = call.attr("gather_axis", 0), call.attr("quantize_axis", 1) % max(data.rank, 1)
    if data.rank != 2 or axes != (0, 1) or not data.stored or data.floating:
        return NotImplemented
    bytes_of_several = data.dtype == "uint8" and bits < _BYTE
    rows, columns = data.shape[0], data.shape[1] * (_BYTE // bits if bytes_of_several else 1)
    blocks = -(-columns // size)
    signed = bytes_of_several and zero_points is None

    def make(packed: Array) -> Array:
        numbers = unpacked(packed, bits) if bytes_of_several else packed
        return (numbers.astype(np.int16) - 2 ** (bits - 1)).astype(np.int8) if signed else numbers

    dtype = f"{'' if signed else 'u'}int{bits}" if bytes_of_several else data.dtype
    table = made_of(call, data, ("table",), (rows, columns), make, dtype=dtype)
    table.role = "parameter"
    table.quantization = Quantization(
        group_size=size, scale_bits=bits_of(scales.dtype), zero_point_bits=0 if zero_points is None else bits
    )
    if zero_points is not None and bytes_of_several:
        zero_points = _unpacked_zeros(call, zero_points, rows, blocks, bits)
    found = [
        None if part is None else embedding(call, indices, part)
        for part in (table, setting(call, scales, (rows, blocks)), zero_points)
    ]
    return call.op("dequantize_blocks", BlockAttrs(dim=indices.rank, block_size=size), *found)


@lowers(f"{_MICROSOFT}.MatMulIntegerToFloat")
@one_kernel
def matmul_integer_to_float(
    call: Call, a: Tensor, b: Tensor, a_scale: Tensor, b_scale: Tensor, a_zero: Tensor | None = None,
    b_zero: Tensor | None = None, bias: Tensor | None = None,
) -> Any:  # fmt: skip
    weigh_as_stored(b, b_scale, b_zero)
    sums = call.op("integer_matmul", None, a, b, by_row(call, a_zero), only(call, b_zero))
    return _to_float(call, sums, (a_scale, b_scale), bias)


@lowers(f"{_MICROSOFT}.DynamicQuantizeMatMul")
@one_kernel
def dynamic_quantize_matmul(
    call: Call, a: Tensor, b: Tensor, b_scale: Tensor, b_zero: Tensor | None = None, bias: Tensor | None = None
) -> Any:
    """The input becomes integers with the scale that just holds it."""
    weigh_as_stored(b, b_scale, b_zero)
    small, a_scale, a_zero = call.op("dynamic_quantize", None, a)
    sums = call.op("integer_matmul", None, small, b, a_zero, only(call, b_zero))
    return _to_float(call, sums, (a_scale, b_scale), bias)


def _to_float(call: Call, sums: Tensor, scales: tuple[Tensor, Tensor], bias: Tensor | None) -> Tensor:
    scale = joint_scale(call, *(_number(call, scale) for scale in scales))
    attrs = ScaleAttrs(dim=sums.rank - 1 if scale.spec.numel > 1 else None)
    y: Tensor = call.op("dequantize", attrs, sums, only(call, scale), None)
    if bias is not None:
        y = call.op("add", None, y, bias)
    return y


def _number(call: Call, scale: Tensor) -> Tensor:
    found = only(call, scale)
    assert found is not None  # a scale was given
    return found


@lowers(f"{_MICROSOFT}.QGemm")
@one_kernel
def qgemm(
    call: Call, a: Tensor, a_scale: Tensor, a_zero: Tensor, b: Tensor, b_scale: Tensor, b_zero: Tensor | None = None,
    c: Tensor | None = None, y_scale: Tensor | None = None, y_zero: Tensor | None = None,
) -> Any:  # fmt: skip
    """alpha a b + c in integers, brought back to small ones or to floating numbers."""
    weigh_as_stored(b, b_scale, b_zero)
    left = transposed(call, a) if call.attr("transA", 0) else a
    right = learned_if(b, transposed(call, b)) if call.attr("transB", 0) else b
    y = call.op("integer_matmul", None, left, right, by_row(call, a_zero), only(call, b_zero))
    if c is not None:
        if c.stored:
            c.role = "parameter"
        y = call.op("add", None, y, c)
    alpha = call.constant(np.array(call.attr("alpha", 1.0), np.float32))
    scale = joint_scale(call, a_scale, b_scale, alpha, over=y_scale)
    dim = 1 if b_scale.spec.numel > 1 else None
    if y_scale is None or y_zero is None:
        return call.op("dequantize", ScaleAttrs(dim=dim), y, only(call, scale), None)
    if dim is not None:
        y_zero = call.constant(np.broadcast_to(y_zero.array().reshape(-1), (y.shape[1],)), y_zero.dtype)
    return call.op("requantize", RequantizeAttrs(dim=dim, dtype=y_zero.dtype), y, only(call, scale), only(call, y_zero))


# Between layers: to floating numbers, the operator, and back.


def _floating(call: Call, x: Tensor, scale: Tensor, zero: Tensor | None) -> Tensor:
    weigh_as_stored(x, scale, zero)
    return learned_if(x, call.op("dequantize", ScaleAttrs(), x, only(call, scale), only(call, zero)))


def _small(call: Call, y: Tensor, scale: Tensor, zero: Tensor | None, like: Tensor) -> Any:
    attrs = QuantizeAttrs(dtype=like.dtype if zero is None else zero.dtype)
    return call.op("quantize", attrs, y, only(call, scale), only(call, zero))


def _of_two(name: str, op: str) -> None:
    @lowers(f"{_MICROSOFT}.{name}")
    @one_kernel
    def rule(
        call: Call, a: Tensor, a_scale: Tensor, a_zero: Tensor | None, b: Tensor, b_scale: Tensor,
        b_zero: Tensor | None, y_scale: Tensor, y_zero: Tensor | None = None,
    ) -> Any:  # fmt: skip
        y = call.op(op, None, _floating(call, a, a_scale, a_zero), _floating(call, b, b_scale, b_zero))
        return _small(call, y, y_scale, y_zero, a)


def _of_one(name: str, lower: Callable[[Call, Tensor], Any]) -> None:
    @lowers(f"{_MICROSOFT}.{name}")
    @one_kernel
    def rule(
        call: Call, x: Tensor, x_scale: Tensor, x_zero: Tensor | None, y_scale: Tensor, y_zero: Tensor | None = None
    ) -> Any:
        last = bool(call.attr("channels_last", 0))
        inside = _floating(call, x, x_scale, x_zero)
        y = lower(call, to_first(call, inside) if last else inside)
        return _small(call, from_first(call, y) if last else y, y_scale, y_zero, x)


def _leaky_relu(call: Call, x: Tensor) -> Any:
    return call.op("leaky_relu", LeakyReluAttrs(negative_slope=call.attr("alpha", 0.01)), x)


def _softmax(call: Call, x: Tensor) -> Any:
    axis = axis_of(call.attr("axis", -1), x.rank)
    if call.attr("opset", 13) < 13 and axis < x.rank - 1:  # the columns of a matrix, as Softmax was defined then
        raise FormatError(f"QLinearSoftmax: expected the last axis before opset 13, got {axis} of {x.shape}")
    return call.op("softmax", SoftmaxAttrs(dim=axis), x)


def _mean(call: Call, x: Tensor) -> Any:
    dims = axes_of(call.attr("axes") or range(x.rank), x.rank)
    return reduce.mean(call, x, dims, keepdim=bool(call.attr("keepdims", 1)))


_of_two("QLinearAdd", "add")
_of_two("QLinearMul", "mul")
_of_one("QLinearSigmoid", lambda call, x: call.op("sigmoid", None, x))
_of_one("QLinearLeakyRelu", _leaky_relu)
_of_one("QLinearSoftmax", _softmax)
_of_one("QLinearReduceMean", _mean)
_of_one("QLinearAveragePool", average_pool)
_of_one("QLinearGlobalAveragePool", global_average_pool)


@lowers(f"{_MICROSOFT}.QLinearConcat")
@one_kernel
def qlinear_concat(call: Call, y_scale: Tensor, y_zero: Tensor, *parts: Tensor) -> Any:
    """Parts of different scales, brought to that of the result."""
    inside = [_floating(call, *parts[at : at + 3]) for at in range(0, len(parts), 3)]
    whole = call.op("concat", ConcatAttrs(dim=axis_of(call.need("axis"), inside[0].rank)), *inside)
    return _small(call, whole, y_scale, y_zero, parts[0])


@lowers(f"{_MICROSOFT}.QLinearConv")
@one_kernel
def qlinear_conv_either_way(call: Call, x: Tensor, *rest: Tensor | None) -> Any:
    """Channels second or, if the node says so, last."""
    if not call.attr("channels_last", 0):
        return qlinear_conv(call, x, *rest)
    return from_first(call, qlinear_conv(call, to_first(call, x), *rest))
