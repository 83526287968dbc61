"""Small integers: to them, back from them, and products of them.

A stored weight of small integers is a parameter of its stored width. Its scales and zero points are noted as stored
beside it: they are settings, not parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netweight.errors import FormatError
from netweight.ir import Quantization, TensorSpec, bits_of, is_floating
from netweight.lazy import np
from netweight.ops.arrays.dtypes import held_type
from netweight.ops.contract.integer import RequantizeAttrs
from netweight.ops.pointwise.unary import ClampAttrs
from netweight.ops.quantize.affine import QuantizeAttrs, ScaleAttrs
from netweight.ops.quantize.blocks import BlockAttrs, QuantizeBlocksAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers, one_kernel
from netweight.sources.onnx.lower.common import axis_of, cast_to, reshaped
from netweight.sources.onnx.lower.contract.conv import conv_attrs
from netweight.sources.onnx.numbers import dtype_of
from netweight.sources.onnx.tensor import Tensor


def setting(call: Call, tensor: Tensor, shape: Sequence[int]) -> Tensor:
    """A scale or a zero point under the shape that an operator wants; a stored one is not a parameter."""
    if not tensor.fixed:
        return reshaped(call, tensor, shape)
    if tensor.shape == tuple(shape):
        tensor.role = tensor.role or "constant"
        return tensor
    numbers = None if tensor.numbers is None else lambda: tensor.array().reshape(shape)
    return Tensor(tensor.label, TensorSpec(tuple(shape), tensor.dtype), numbers, fixed=True, role="constant")


def only(call: Call, tensor: Tensor | None) -> Tensor | None:
    """A setting as one number if it is one, else as it is."""
    if tensor is None:
        return None
    return setting(call, tensor, () if tensor.spec.numel == 1 else tensor.shape)


def weigh_as_stored(weight: Tensor, scale: Tensor, zero_point: Tensor | None) -> None:
    """Mark a stored weight as a parameter of its stored width, with its scales beside it."""
    if weight.stored and weight.rank:
        weight.role = "parameter"
        weight.quantization = Quantization(
            group_size=max(weight.spec.numel // max(scale.spec.numel, 1), 1),
            scale_bits=bits_of(scale.dtype),
            zero_point_bits=0 if zero_point is None else bits_of(zero_point.dtype),
        )


def learned_if(weight: Tensor, result: Tensor) -> Tensor:
    """The result of work on a weight of integers, marked so that the graph has this work and it is not folded away."""
    result.learned = result.learned or (weight.fixed and (weight.learned or (weight.stored and weight.rank > 0)))
    return result


@lowers("DequantizeLinear", "com.microsoft.DequantizeLinear")
def dequantize_linear(call: Call, x: Tensor, scale: Tensor, zero_point: Tensor | None = None) -> Any:
    weigh_as_stored(x, scale, zero_point)
    axis = _axis(call, x)
    if is_floating(x.dtype):
        y = _from_small_floats(call, x, scale, zero_point, axis)
    elif call.attr("block_size", 0):
        attrs = BlockAttrs(dim=axis, block_size=call.attr("block_size"))
        y = call.op("dequantize_blocks", attrs, x, setting(call, scale, scale.shape), _as_is(call, zero_point))
    else:
        dim = axis if scale.spec.numel > 1 else None
        y = call.op("dequantize", ScaleAttrs(dim=dim), x, only(call, scale), only(call, zero_point))
    wanted = call.attr("output_dtype", 0)
    return learned_if(x, cast_to(call, y, dtype_of(wanted, call.node.name)) if wanted else y)


@lowers("QuantizeLinear", "com.microsoft.QuantizeLinear")
def quantize_linear(call: Call, x: Tensor, scale: Tensor, zero_point: Tensor | None = None) -> Any:
    wanted = call.attr("output_dtype", 0)
    dtype = dtype_of(wanted, call.node.name) if wanted else "uint8" if zero_point is None else zero_point.dtype
    axis = _axis(call, x)
    if is_floating(dtype):
        return _to_small_floats(call, x, scale, zero_point, axis, dtype)
    if call.attr("block_size", 0):
        blocks = QuantizeBlocksAttrs(dim=axis, block_size=call.attr("block_size"), dtype=dtype)
        return call.op("quantize_blocks", blocks, x, setting(call, scale, scale.shape), _as_is(call, zero_point))
    attrs = QuantizeAttrs(dim=axis if scale.spec.numel > 1 else None, dtype=dtype)
    return call.op("quantize", attrs, x, only(call, scale), only(call, zero_point))


def _axis(call: Call, x: Tensor) -> int:
    axis = call.attr("axis", 1)
    return axis_of(axis, x.rank) if x.rank > 1 else 0


def _as_is(call: Call, tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else setting(call, tensor, tensor.shape)


def _along(call: Call, tensor: Tensor, x: Tensor, axis: int) -> Tensor:
    """Scales shaped to broadcast against ``x``.

    Raises:
        FormatError: If they come in blocks, which no kernel of small floating numbers reads.
    """
    if call.attr("block_size", 0):
        raise FormatError(f"{call.node.op_type}: expected no block_size for floating numbers, got one")
    if tensor.spec.numel == 1:
        return setting(call, tensor, ())
    return setting(call, tensor, (tensor.spec.numel, *(1,) * (x.rank - axis - 1)))


def _from_small_floats(call: Call, x: Tensor, scale: Tensor, zero_point: Tensor | None, axis: int) -> Tensor:
    """(x - zero_point) * scale of floating numbers of four or eight bits."""
    y = cast_to(call, x, scale.dtype)
    if zero_point is not None and not _is_zero(zero_point):
        y = call.op("sub", None, y, cast_to(call, _along(call, zero_point, x, axis), scale.dtype))
    return learned_if(x, call.op("mul", None, learned_if(x, y), _along(call, scale, x, axis)))


def _to_small_floats(call: Call, x: Tensor, scale: Tensor, zero_point: Tensor | None, axis: int, dtype: str) -> Tensor:
    """x / scale + zero_point, the largest number of the type where that is beyond it."""
    y = call.op("div", None, x, _along(call, scale, x, axis))
    if zero_point is not None and not _is_zero(zero_point):
        y = call.op("add", None, y, cast_to(call, _along(call, zero_point, x, axis), x.dtype))
    if call.attr("saturate", 1):
        import ml_dtypes

        largest = float(ml_dtypes.finfo(held_type(dtype)).max)  # type: ignore[no-untyped-call]
        y = call.op("clamp", ClampAttrs(min=-largest, max=largest), y)
    return cast_to(call, y, dtype)


def _is_zero(tensor: Tensor) -> bool:
    return tensor.fixed and tensor.known and not tensor.array().any()


def joint_scale(call: Call, *scales: Tensor, over: Tensor | None = None) -> Tensor:
    """Product of scales over another, computed at once where all are known."""
    everything = [*scales, *(() if over is None else (over,))]
    if all(scale.fixed and scale.known for scale in everything):
        number = scales[0].array()
        for scale in scales[1:]:
            number = number * scale.array()
        return call.constant(np.asarray(number if over is None else number / over.array(), scales[0].array().dtype))
    result = scales[0]
    for scale in scales[1:]:
        result = call.op("mul", None, result, scale)
    return result if over is None else call.op("div", None, result, over)


@lowers("QLinearConv")
@one_kernel
def qlinear_conv(
    call: Call, x: Tensor, x_scale: Tensor, x_zero: Tensor, w: Tensor, w_scale: Tensor, w_zero: Tensor,
    y_scale: Tensor, y_zero: Tensor, b: Tensor | None = None,
) -> Any:  # fmt: skip
    weigh_as_stored(w, w_scale, w_zero)
    y = call.op("integer_conv", conv_attrs(call, x, w), x, w, only(call, x_zero), only(call, w_zero))
    if b is not None:
        y = call.op("add", None, y, per_channel(call, b, y.rank))
    scale = only(call, joint_scale(call, x_scale, w_scale, over=y_scale))
    attrs = RequantizeAttrs(dim=1 if w_scale.spec.numel > 1 else None, dtype=y_zero.dtype)
    return call.op("requantize", attrs, y, scale, _one_or_all(call, y_zero, attrs, y))


def per_channel(call: Call, bias: Tensor, rank: int) -> Tensor:
    """A bias shaped to broadcast against (N, C, ...)."""
    if bias.stored:
        bias.role = "parameter"
    return learned_if(bias, reshaped(call, bias, (1, -1, *(1,) * (rank - 2))))


def _one_or_all(call: Call, zero: Tensor, attrs: QuantizeAttrs, y: Tensor) -> Tensor:
    """The zero point of the result, for every channel where there is a scale for every channel."""
    if attrs.dim is None:
        return setting(call, zero, ())
    size = y.shape[attrs.dim]
    return call.made((size,), zero.dtype, lambda: np.broadcast_to(zero.array().reshape(-1), (size,)))


@lowers("ConvInteger")
def conv_integer(call: Call, x: Tensor, w: Tensor, x_zero: Tensor | None = None, w_zero: Tensor | None = None) -> Any:
    return call.op("integer_conv", conv_attrs(call, x, w), x, w, only(call, x_zero), only(call, w_zero))


@lowers("MatMulInteger")
def matmul_integer(call: Call, a: Tensor, b: Tensor, a_zero: Tensor | None = None, b_zero: Tensor | None = None) -> Any:
    return call.op("integer_matmul", None, a, b, by_row(call, a_zero), only(call, b_zero))


def by_row(call: Call, zero: Tensor | None) -> Tensor | None:
    """Zero points of the left operand: one, or one per row."""
    if zero is None or zero.spec.numel == 1 or zero.rank != 1:
        return only(call, zero)
    return setting(call, zero, (*zero.shape, 1))


@lowers("QLinearMatMul")
@one_kernel
def qlinear_matmul(
    call: Call, a: Tensor, a_scale: Tensor, a_zero: Tensor, b: Tensor, b_scale: Tensor, b_zero: Tensor,
    y_scale: Tensor, y_zero: Tensor,
) -> Any:  # fmt: skip
    if is_floating(a.dtype) or is_floating(b.dtype):
        return NotImplemented
    rows, columns = a_scale.spec.numel > 1, b_scale.spec.numel > 1
    if rows and columns:
        return NotImplemented
    weigh_as_stored(b, b_scale, b_zero)
    y = call.op("integer_matmul", None, a, b, by_row(call, a_zero), only(call, b_zero))
    dim = y.rank - 2 if rows else y.rank - 1 if columns else None
    attrs = RequantizeAttrs(dim=dim, dtype=y_zero.dtype)
    scale = only(call, joint_scale(call, a_scale, b_scale, over=y_scale))
    return call.op("requantize", attrs, y, scale, _one_or_all(call, y_zero, attrs, y))


@lowers("DynamicQuantizeLinear")
def dynamic_quantize_linear(call: Call, x: Tensor) -> Any:
    return call.op("dynamic_quantize", None, x)
