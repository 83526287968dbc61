"""Largest and smallest elements of windows. The stride is the size of the window unless given."""

from __future__ import annotations

from netweight.functions.recorder import Recorder, Size, T, layer_named
from netweight.functions.window.settings import of_dims, window_of
from netweight.ops.arrays.padding import PaddingAmount
from netweight.ops.window.pool import PoolAttrs

__all__ = ["max_pool1d", "max_pool2d", "max_pool3d", "min_pool2d"]


@layer_named("maxpool")
def max_pool(
    rec: Recorder, x: T, kernel_size: Size, stride: Size | None = None, padding: PaddingAmount = 0, dilation: Size = 1,
    ceil_mode: bool = False,
) -> T:  # fmt: skip
    """Largest element of each window."""
    return rec.op("max_pool", PoolAttrs(**window_of(rec, x, kernel_size, stride, padding, dilation, ceil_mode)), x)


@layer_named("minpool")
def min_pool(
    rec: Recorder, x: T, kernel_size: Size, stride: Size | None = None, padding: PaddingAmount = 0, dilation: Size = 1,
    ceil_mode: bool = False,
) -> T:  # fmt: skip
    """Smallest element of each window."""
    return rec.op("min_pool", PoolAttrs(**window_of(rec, x, kernel_size, stride, padding, dilation, ceil_mode)), x)


max_pool1d, max_pool2d, max_pool3d = of_dims(max_pool, 1, 2, 3)
(min_pool2d,) = of_dims(min_pool, 2)
