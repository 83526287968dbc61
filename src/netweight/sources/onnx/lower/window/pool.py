"""Pooling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from netweight.functions import reduce
from netweight.functions.window import pool_average
from netweight.lazy import Array, np
from netweight.ops.arrays.padding import Pads
from netweight.ops.arrays.windows import out_sizes
from netweight.ops.move.rearrange import PadAttrs
from netweight.ops.window.pool import PoolAttrs, reached_padding
from netweight.ops.window.pool_indices import PoolIndicesAttrs, UnpoolAttrs
from netweight.ops.window.unfold import UnfoldAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import Rule, lowers
from netweight.sources.onnx.lower.common import reshaped
from netweight.sources.onnx.lower.contract.conv import strides_and_dilations, window_pads
from netweight.sources.onnx.tensor import Tensor


def pool_attrs(call: Call, x: Tensor) -> PoolAttrs:
    """Attributes of a pooling window."""
    kernel = call.need("kernel_shape")
    strides, dilations = strides_and_dilations(call, len(kernel))
    return PoolAttrs(
        kernel_size=kernel,
        stride=strides,
        padding=window_pads(call, x.shape[2:], kernel, strides, dilations),
        dilation=dilations,
        ceil_mode=bool(call.attr("ceil_mode", 0)),
    )


@lowers("MaxPool")
def max_pool(call: Call, x: Tensor) -> Any:
    window = pool_attrs(call, x)
    if not call.wants(1):
        return call.op("max_pool", window, x)
    y, indices = call.op("max_pool_with_indices", PoolIndicesAttrs(**asdict(window), across_planes=True), x)
    return y, _by_columns(call, indices, x.shape[2:]) if call.attr("storage_order", 0) else indices


def _by_columns(call: Call, indices: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """Positions counted with the first spatial dimension running fastest, from those with the last one."""

    def number(value: int) -> Tensor:
        return call.constant(np.array(value, np.int64))

    plane = math.prod(sizes)
    rest = call.op("remainder", None, indices, number(plane))
    result = call.op("sub", None, indices, rest)
    stride = plane
    for size in reversed(sizes):
        stride //= size
        place = call.op("remainder", None, rest, number(size))
        rest = call.op("floor_divide", None, rest, number(size))
        result = call.op("add", None, result, call.op("mul", None, place, number(stride)))
    return result


@lowers("AveragePool")
def average_pool(call: Call, x: Tensor) -> Any:
    window = pool_attrs(call, x)
    counted = bool(call.attr("count_include_pad", 0))
    if any(step != 1 for step in window.dilation):
        return _spread_average(call, x, window, counted)
    return pool_average.avg_pool(
        call, x, window.kernel_size, window.stride, window.padding, window.ceil_mode, count_include_pad=counted
    )


def _spread_average(call: Call, x: Tensor, window: PoolAttrs, counted: bool) -> Any:
    """Average of windows whose elements do not touch."""
    taps, sizes = _windows(call, x, window)
    summed = reduce.sum(call, taps, 2)
    divisors = call.made(sizes, x.dtype, lambda: _taps_inside(x.shape[2:], sizes, window, counted).astype(x.dtype))
    return call.op("div", None, summed, divisors)


def _taps_inside(x_sizes: Sequence[int], sizes: Sequence[int], window: PoolAttrs, counted: bool) -> Array:
    """How many elements each window has in the input, or in the padded input."""
    counts = np.ones(sizes)
    for dim, (size, out, k, step, d, (before, after)) in enumerate(
        zip(x_sizes, sizes, window.kernel_size, window.stride, window.dilation, window.padding, strict=True)
    ):
        at = np.arange(out)[:, None] * step + np.arange(k) * d - before
        low, high = (-before, size + after) if counted else (0, size)
        inside = ((at >= low) & (at < high)).sum(axis=1)
        counts = counts * inside.reshape(-1, *(1,) * (len(sizes) - dim - 1))
    found: Array = np.maximum(counts, 1)
    return found


def _windows(call: Call, x: Tensor, window: PoolAttrs) -> tuple[Tensor, tuple[int, ...]]:
    """Elements of each window as (N, C, elements, *out), and the sizes of the output."""
    geometry = (window.kernel_size, window.stride, window.padding, window.dilation)
    sizes = out_sizes("pool", x.shape[2:], *geometry, ceil_mode=window.ceil_mode)
    padding = reached_padding(x.shape[2:], sizes, *geometry)
    attrs = UnfoldAttrs(kernel_size=window.kernel_size, stride=window.stride, padding=padding, dilation=window.dilation)
    columns = call.op("unfold", attrs, x)
    return reshaped(call, columns, (*x.shape[:2], math.prod(window.kernel_size), *sizes)), sizes


@lowers("LpPool")
def lp_pool(call: Call, x: Tensor) -> Any:
    """Length of each window: the p-th root of the sum of absolute values to the power of p."""
    window, p = pool_attrs(call, x), float(call.attr("p", 2))
    if any(step != 1 for step in window.dilation):
        taps, _ = _windows(call, x, window)
        return reduce.vector_norm(call, taps, p, 2)
    geometry = (window.kernel_size, window.stride, window.padding, window.dilation)
    sizes = out_sizes("pool", x.shape[2:], *geometry, ceil_mode=window.ceil_mode)
    padded = _padded(call, x, reached_padding(x.shape[2:], sizes, *geometry))
    positive = padded if p % 2 == 0 else call.op("abs", None, padded)
    return pool_average.lp_pool(call, positive, p, window.kernel_size, window.stride)


def _padded(call: Call, x: Tensor, padding: Pads) -> Tensor:
    """``x`` with zeros around it."""
    if not any(map(any, padding)):
        return x
    result: Tensor = call.op("pad", PadAttrs(padding=((0, 0), (0, 0), *padding)), x)
    return result


@lowers("MaxUnpool")
def max_unpool(call: Call, x: Tensor, indices: Tensor, output_shape: Tensor | None = None) -> Any:
    """Positions count through the size that the window leads to; a larger output is filled up with zeros."""
    kernel = call.need("kernel_shape")
    strides, _ = strides_and_dilations(call, len(kernel))
    pads = window_pads(call, x.shape[2:], kernel, strides, (1,) * len(kernel))
    sizes = tuple(
        (size - 1) * step - sum(pad) + k for size, step, pad, k in zip(x.shape[2:], strides, pads, kernel, strict=True)
    )
    y: Tensor = call.op("max_unpool", UnpoolAttrs(output_size=sizes, across_planes=True), x, indices)
    if output_shape is None:
        return y
    wanted = output_shape.ints()[-len(sizes) :]
    return _padded(call, y, tuple((0, target - size) for target, size in zip(wanted, sizes, strict=True)))


def _globally(name: str, function: Rule) -> Rule:
    @lowers(name)
    def rule(call: Call, x: Tensor) -> Any:
        """Over all positions, where there are any."""
        settings = {"ord": float(call.attr("p", 2))} if name == "GlobalLpPool" else {}
        return function(call, x, dim=range(2, x.rank), keepdim=True, **settings) if x.rank > 2 else x

    return rule


global_average_pool = _globally("GlobalAveragePool", reduce.mean)
_globally("GlobalMaxPool", reduce.amax)
_globally("GlobalLpPool", reduce.vector_norm)
