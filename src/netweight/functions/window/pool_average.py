"""Means of windows, and roots of sums of powers. The stride is the size of the window unless given."""

from __future__ import annotations

from netweight.functions.recorder import Recorder, Size, T, layer_named, per_dim
from netweight.functions.window.settings import of_dims, steps_of, window_of
from netweight.ops.arrays.padding import PaddingAmount
from netweight.ops.window.pool_average import AvgPoolAttrs, LpPoolAttrs

__all__ = ["avg_pool1d", "avg_pool2d", "avg_pool3d", "lp_pool1d", "lp_pool2d", "lp_pool3d"]


@layer_named("avgpool")
def avg_pool(
    rec: Recorder, x: T, kernel_size: Size, stride: Size | None = None, padding: PaddingAmount = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> T:  # fmt: skip
    """Mean of each window."""
    settings = window_of(rec, x, kernel_size, stride, padding, 1, ceil_mode)
    del settings["dilation"]
    attrs = AvgPoolAttrs(**settings, count_include_pad=count_include_pad, divisor_override=divisor_override)
    return rec.op("avg_pool", attrs, x)


@layer_named("lppool")
def lp_pool(
    rec: Recorder, x: T, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
) -> T:
    """(Sum of x ** norm_type) ** (1 / norm_type) over each window."""
    kernel = per_dim(kernel_size, len(rec.spec(x).shape) - 2)
    steps = steps_of(stride, kernel)
    attrs = LpPoolAttrs(norm_type=float(norm_type), kernel_size=kernel, stride=steps, ceil_mode=ceil_mode)
    return rec.op("lp_pool", attrs, x)


avg_pool1d, avg_pool2d, avg_pool3d = of_dims(avg_pool, 1, 2, 3)
lp_pool1d, lp_pool2d, lp_pool3d = of_dims(lp_pool, 1, 2, 3)
