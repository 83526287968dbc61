"""Largest and smallest elements of windows. The stride is the size of the window unless given."""

from __future__ import annotations

from netweight.functions.recorder import Recorder, Size, T, layer_named
from netweight.functions.window.settings import window_of
from netweight.ops.arrays.padding import PaddingAmount
from netweight.ops.window.pool import PoolAttrs


@layer_named("maxpool")
def max_pool1d(
    rec: Recorder, x: T, kernel_size: Size, stride: Size | None = None, padding: PaddingAmount = 0, dilation: Size = 1,
    ceil_mode: bool = False,
) -> T:  # fmt: skip
    """Largest element of each window of (N, C, L)."""
    return rec.op("max_pool", PoolAttrs(**window_of(rec, x, 1, kernel_size, stride, padding, dilation, ceil_mode)), x)


@layer_named("maxpool")
def max_pool2d(
    rec: Recorder, x: T, kernel_size: Size, stride: Size | None = None, padding: PaddingAmount = 0, dilation: Size = 1,
    ceil_mode: bool = False,
) -> T:  # fmt: skip
    """Largest element of each window of (N, C, H, W)."""
    return rec.op("max_pool", PoolAttrs(**window_of(rec, x, 2, kernel_size, stride, padding, dilation, ceil_mode)), x)


@layer_named("maxpool")
def max_pool3d(
    rec: Recorder, x: T, kernel_size: Size, stride: Size | None = None, padding: PaddingAmount = 0, dilation: Size = 1,
    ceil_mode: bool = False,
) -> T:  # fmt: skip
    """Largest element of each window of (N, C, D, H, W)."""
    return rec.op("max_pool", PoolAttrs(**window_of(rec, x, 3, kernel_size, stride, padding, dilation, ceil_mode)), x)


@layer_named("minpool")
def min_pool2d(
    rec: Recorder, x: T, kernel_size: Size, stride: Size | None = None, padding: PaddingAmount = 0, dilation: Size = 1,
    ceil_mode: bool = False,
) -> T:  # fmt: skip
    """Smallest element of each window of (N, C, H, W)."""
    return rec.op("min_pool", PoolAttrs(**window_of(rec, x, 2, kernel_size, stride, padding, dilation, ceil_mode)), x)
