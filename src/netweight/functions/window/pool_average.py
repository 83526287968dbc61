"""Means of windows. The stride is the size of the window unless given."""

from __future__ import annotations

from netweight.functions.recorder import Recorder, Size, T, layer_named, per_dim
from netweight.functions.window.settings import steps_of, window_of
from netweight.ops.arrays.padding import PaddingAmount
from netweight.ops.window.pool_average import AvgPoolAttrs, LpPoolAttrs


@layer_named("avgpool")
def avg_pool1d(
    rec: Recorder, x: T, kernel_size: Size, stride: Size | None = None, padding: PaddingAmount = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> T:  # fmt: skip
    """Mean of each window of (N, C, L)."""
    return _avg_pool(rec, x, 1, (kernel_size, stride, padding), ceil_mode, count_include_pad, divisor_override)


@layer_named("avgpool")
def avg_pool2d(
    rec: Recorder, x: T, kernel_size: Size, stride: Size | None = None, padding: PaddingAmount = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> T:  # fmt: skip
    """Mean of each window of (N, C, H, W)."""
    return _avg_pool(rec, x, 2, (kernel_size, stride, padding), ceil_mode, count_include_pad, divisor_override)


@layer_named("avgpool")
def avg_pool3d(
    rec: Recorder, x: T, kernel_size: Size, stride: Size | None = None, padding: PaddingAmount = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> T:  # fmt: skip
    """Mean of each window of (N, C, D, H, W)."""
    return _avg_pool(rec, x, 3, (kernel_size, stride, padding), ceil_mode, count_include_pad, divisor_override)


@layer_named("lppool")
def lp_pool1d(
    rec: Recorder, x: T, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
) -> T:
    """(Sum of x ** norm_type) ** (1 / norm_type) over each window of (N, C, L)."""
    return _lp_pool(rec, x, 1, norm_type, kernel_size, stride, ceil_mode)


@layer_named("lppool")
def lp_pool2d(
    rec: Recorder, x: T, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
) -> T:
    """(Sum of x ** norm_type) ** (1 / norm_type) over each window of (N, C, H, W)."""
    return _lp_pool(rec, x, 2, norm_type, kernel_size, stride, ceil_mode)


@layer_named("lppool")
def lp_pool3d(
    rec: Recorder, x: T, norm_type: float, kernel_size: Size, stride: Size | None = None, ceil_mode: bool = False
) -> T:
    """(Sum of x ** norm_type) ** (1 / norm_type) over each window of (N, C, D, H, W)."""
    return _lp_pool(rec, x, 3, norm_type, kernel_size, stride, ceil_mode)


def _avg_pool(
    rec: Recorder, x: T, dims: int, window: tuple[Size, Size | None, PaddingAmount], ceil_mode: bool,
    count_include_pad: bool, divisor_override: int | None,
) -> T:  # fmt: skip
    settings = window_of(rec, x, dims, *window, 1, ceil_mode)
    del settings["dilation"]
    attrs = AvgPoolAttrs(**settings, count_include_pad=count_include_pad, divisor_override=divisor_override)
    return rec.op("avg_pool", attrs, x)


def _lp_pool(
    rec: Recorder, x: T, dims: int, norm_type: float, kernel_size: Size, stride: Size | None, ceil_mode: bool
) -> T:
    kernel = per_dim(kernel_size, dims)
    steps = steps_of(stride, kernel)
    attrs = LpPoolAttrs(norm_type=float(norm_type), kernel_size=kernel, stride=steps, ceil_mode=ceil_mode)
    return rec.op("lp_pool", attrs, x)
