"""Pooling windows: the largest element, the mean, the root of the mean of squares."""

from __future__ import annotations

import math
from typing import Any

from netweight.errors import FormatError
from netweight.lazy import np
from netweight.ops.arrays.padding import Pads
from netweight.ops.contract.integer import RequantizeAttrs
from netweight.ops.pointwise.unary import CastAttrs
from netweight.ops.window.pool import PoolAttrs
from netweight.ops.window.pool_average import AvgPoolAttrs
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers
from netweight.sources.tflite.lower.contract.conv import steps, window_pads
from netweight.sources.tflite.lower.layout import from_first, to_first
from netweight.sources.tflite.lower.scales import activated, clamped, in_reals, is_quantized, need, requantized

_ONES = (1, 1)


def _window(call: TfliteCall, x: Tensor) -> tuple[Tensor, tuple[int, ...], tuple[int, ...], Pads]:
    """The input channels second, the sizes of the window, its steps, and its padding."""
    if x.rank != 4:
        raise FormatError(f"{call.kind}: expected x (N, H, W, C), got {x.shape}")
    kernel, stride = steps(call, "filter_height", "filter_width"), steps(call, "stride_h", "stride_w")
    x = to_first(call, x)
    return x, kernel, stride, window_pads(call, x.shape[2:], kernel, stride, _ONES)


@lowers("MAX_POOL_2D")
def max_pool_2d(call: TfliteCall, x: Tensor) -> Any:
    x, kernel, stride, padding = _window(call, x)
    attrs = PoolAttrs(kernel_size=kernel, stride=stride, padding=padding, dilation=_ONES)
    y = call.op("max_pool", attrs, x)
    return from_first(call, clamped(call, y) if is_quantized(call.ins[0]) else activated(call, y))


@lowers("AVERAGE_POOL_2D")
def average_pool_2d(call: TfliteCall, x: Tensor) -> Any:
    """The mean of the elements in the input; of integers their sum, over how many they are."""
    x, kernel, stride, padding = _window(call, x)
    if not is_quantized(call.ins[0]):
        attrs = AvgPoolAttrs(kernel_size=kernel, stride=stride, padding=padding, count_include_pad=False)
        return from_first(call, activated(call, call.op("avg_pool", attrs, x)))
    if any(before or after for before, after in padding):
        attrs = AvgPoolAttrs(kernel_size=kernel, stride=stride, padding=padding, count_include_pad=False)
        return from_first(call, clamped(call, in_reals(call, lambda part: call.op("avg_pool", attrs, part), x)))
    attrs = AvgPoolAttrs(kernel_size=kernel, stride=stride, padding=padding, divisor_override=1)
    sums = call.op("avg_pool", attrs, call.op("cast", CastAttrs(dtype="int32"), x))
    return from_first(call, _mean(call, sums, math.prod(kernel)))


def _mean(call: TfliteCall, sums: Tensor, count: int) -> Tensor:
    """Sums of integers over their number; a zero point that the result does not share is in each of them."""
    info = call.ins[0]
    assert info is not None  # the input was given
    own, result = need(info), need(call.out)
    if (own.scale, own.zero) == (result.scale, result.zero):
        attrs = RequantizeAttrs(dtype=call.out.dtype, rounding="away")
        return clamped(call, call.op("requantize", attrs, sums, call.constant(np.asarray(1 / count)), None))
    zero = own.zero * count
    if zero:
        sums = call.op("sub", None, sums, call.like(zero, sums))
    return requantized(call, sums, [own.scale[0] / count])


@lowers("L2_POOL_2D")
def l2_pool_2d(call: TfliteCall, x: Tensor) -> Any:
    x, kernel, stride, padding = _window(call, x)
    attrs = AvgPoolAttrs(kernel_size=kernel, stride=stride, padding=padding, count_include_pad=False)
    y = call.op("sqrt", None, call.op("avg_pool", attrs, call.op("square", None, x)))
    return from_first(call, activated(call, y))
