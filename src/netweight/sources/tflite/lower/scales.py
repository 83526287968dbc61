"""Integers that stand for real numbers: sums brought to the scale of a result, and operators between two scales.

Products and sums of integers stay integers: int8 in, sums in 32 bits, int8 out. What is no sum of products (a sigmoid,
a softmax) is said as what it computes: real numbers, the operator, integers again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from netweight.errors import FormatError
from netweight.ir import bits_of, is_floating
from netweight.lazy import Array, np
from netweight.ops.contract.integer import RequantizeAttrs
from netweight.ops.pointwise.unary import CastAttrs, ClampAttrs
from netweight.ops.quantize.affine import QuantizeAttrs, ScaleAttrs
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.model import Scales, TensorInfo
from netweight.sources.tflite.tensors import weigh

_BOUNDS = {"NONE": (None, None), "RELU": (0.0, None), "RELU_N1_TO_1": (-1.0, 1.0), "RELU6": (0.0, 6.0)}


def is_quantized(info: TensorInfo | None) -> bool:
    """Whether a tensor has integers that stand for real numbers."""
    return info is not None and info.scales is not None and not is_floating(info.dtype) and info.dtype != "bool"


def need(info: TensorInfo) -> Scales:
    """The scales of a tensor.

    Raises:
        FormatError: If it has none, or one of them is not above 0.
    """
    if info.scales is None:
        raise FormatError(f"tflite: expected a scale for {info.name!r}, got none")
    if not all(scale > 0 and np.isfinite(scale) for scale in info.scales.scale):
        raise FormatError(f"tflite: expected scales above 0 for {info.name!r}, got others")
    return info.scales


def activated(call: TfliteCall, x: Tensor) -> Tensor:
    """``x`` after the activation that is fused into the call."""
    word = call.word("fused_activation_function", "ActivationFunctionType")
    ops: dict[str, tuple[str, Any]] = {
        "RELU": ("relu", None), "RELU6": ("relu6", None), "TANH": ("tanh", None),
        "RELU_N1_TO_1": ("clamp", ClampAttrs(min=-1.0, max=1.0)),
    }  # fmt: skip
    if word == "NONE":
        return x
    if word not in ops:
        raise FormatError(f"{call.kind}: expected an activation that kernels fuse, got {word}")
    result: Tensor = call.op(*ops[word], x)
    return result


def zero_of(call: TfliteCall, info: TensorInfo, dtype: str = "") -> Tensor | None:
    """The zero point of a tensor as a constant, None if it is 0."""
    zero = need(info).zero
    return call.constant(_whole(zero, dtype or info.dtype)) if zero else None


def _whole(number: int, dtype: str) -> Array:
    from netweight.ops.arrays.dtypes import held_type

    return np.asarray(number).astype(held_type(dtype))


def requantized(
    call: TfliteCall, sums: Tensor, scale: Sequence[float], dim: int | None = None, *, activation: bool = True
) -> Tensor:
    """Sums of integers as the integers of the result, through the activation that is fused into the call.

    Args:
        call: The call.
        sums: Whole numbers.
        scale: The real number that 1 stands for: one for all, or one for each position of ``dim``.
        dim: The dimension.
        activation: Whether the call has an activation.
    """
    result = need(call.out)
    factor = np.asarray(scale, np.float64) / result.scale[0]
    if len(factor) == 1:
        factor, dim = factor.reshape(()), None
    zero = _whole(result.zero, call.out.dtype)
    zeros = call.constant(np.broadcast_to(zero, factor.shape), call.out.dtype) if result.zero else None
    attrs = RequantizeAttrs(dim=dim, dtype=call.out.dtype, rounding="fixed_point")
    y: Tensor = call.op("requantize", attrs, sums, call.constant(factor), zeros)
    return clamped(call, y) if activation else y


def clamped(call: TfliteCall, y: Tensor) -> Tensor:
    """Integers after the activation that is fused into the call, where it bounds them closer than their type.

    Raises:
        FormatError: If it is none that bounds.
    """
    word = call.word("fused_activation_function", "ActivationFunctionType")
    if word not in _BOUNDS:
        raise FormatError(f"{call.kind}: expected an activation that bounds integers, got {word}")
    return bounded(call, y, *_BOUNDS[word])


def bounded(call: TfliteCall, y: Tensor, low: float | None, high: float | None) -> Tensor:
    """Integers of the result no less and no more than what stands for two real numbers."""
    scales, bits = need(call.out), bits_of(call.out.dtype)
    least = 0 if call.out.dtype.startswith("u") else -(2 ** (bits - 1))
    most = least + 2**bits - 1
    first = None if low is None else scales.zero + round(low / scales.scale[0])
    last = None if high is None else scales.zero + round(high / scales.scale[0])
    first = None if first is None or first <= least else first
    last = None if last is None or last >= most else last
    if first is None and last is None:
        return y
    result: Tensor = call.op("clamp", ClampAttrs(min=first, max=last), y)
    return result


def centred(call: TfliteCall, x: Tensor, at: int) -> Tensor:
    """The differences of integers to their zero point, in 32 bits."""
    zero = need(_info(call, at)).zero
    weigh(x, call.ins[at])
    if not zero:
        result: Tensor = call.op("cast", CastAttrs(dtype="int32"), x)
        return result
    wide = call.op("cast", CastAttrs(dtype="int32"), x)
    shifted: Tensor = call.op("sub", None, wide, call.constant(np.asarray(zero, np.int32)))
    return shifted


def real(call: TfliteCall, x: Tensor, at: int) -> Tensor:
    """The real numbers that the integers of an input stand for; what is no such input as it is."""
    info = call.ins[at] if at < len(call.ins) else None
    if info is None or not is_quantized(info):
        return x
    return dequantized(call, x, info)


def dequantized(call: TfliteCall, x: Tensor, info: TensorInfo) -> Tensor:
    """The real numbers that integers stand for."""
    weigh(x, info)
    scales = need(info)
    many = len(scales.scale) > 1
    factor = np.asarray(scales.scale if many else scales.scale[0], np.float32)
    zeros = None
    if any(scales.zero_point):
        zeros = call.constant(np.broadcast_to(_whole_numbers(scales, info.dtype), factor.shape), info.dtype)
    attrs = ScaleAttrs(dim=scales.dim if many else None)
    result: Tensor = call.op("dequantize", attrs, x, call.constant(factor), zeros)
    result.learned = result.learned or (x.fixed and x.stored and x.rank > 0)
    return result


def _whole_numbers(scales: Scales, dtype: str) -> Array:
    from netweight.ops.arrays.dtypes import held_type

    numbers = np.asarray(scales.zero_point).astype(held_type(dtype))
    return numbers if len(numbers) > 1 else numbers.reshape(())


def quantized(call: TfliteCall, y: Tensor, out: TensorInfo | None = None) -> Tensor:
    """Real numbers as the integers of a result, if it has such; else as they are."""
    out = call.out if out is None else out
    if not is_quantized(out) or not y.floating:
        return y
    scales = need(out)
    zero = call.constant(_whole(scales.zero, out.dtype), out.dtype) if scales.zero else None
    factor = call.constant(np.asarray(scales.scale[0], np.float32))
    result: Tensor = call.op("quantize", QuantizeAttrs(dtype=out.dtype), y, factor, zero)
    return result


def in_reals(call: TfliteCall, compute: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
    """What an operator of real numbers makes: of integers by way of what they stand for."""
    return quantized(call, compute(*[real(call, x, at) for at, x in enumerate(inputs)]))


def _info(call: TfliteCall, at: int) -> TensorInfo:
    info = call.ins[at]
    assert info is not None  # a tensor was given
    return info


def rescaled(call: TfliteCall, x: Tensor, at: int) -> Tensor:
    """The integers of an input at the scale of the result; as they are if they have it already."""
    info = _info(call, at)
    weigh(x, info)
    own, result = need(info), need(call.out)
    same = own.scale == result.scale and own.zero == result.zero and info.dtype == call.out.dtype
    return x if same else requantized(call, centred(call, x, at), [own.scale[0]], activation=False)
