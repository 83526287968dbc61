"""Pooling. The stride is the size of the window unless given."""

from __future__ import annotations

from typing import Any

from netweight.errors import ShapeError
from netweight.functions.recorder import Recorder, Size, T, layer_named, per_dim
from netweight.ops.arrays.padding import PaddingAmount, resolve_padding
from netweight.ops.window.adaptive_pool import AdaptivePoolAttrs
from netweight.ops.window.pool import PoolAttrs
from netweight.ops.window.pool_average import AvgPoolAttrs, LpPoolAttrs
from netweight.ops.window.pool_indices import PoolIndicesAttrs, UnpoolAttrs

OutputSize = int | None | tuple[int | None, ...]


@layer_named("maxpool")
def max_pool1d(
    rec: Recorder, x: T, kernel_size: Size, stride: Size | None = None, padding: PaddingAmount = 0, dilation: Size = 1,
    ceil_mode: bool = False,
) -> T:  # fmt: skip
    """Largest element of each window of (N, C, L)."""
    return rec.op("max_pool", PoolAttrs(**_window(rec, x, 1, kernel_size, stride, padding, dilation, ceil_mode)), x)


@layer_named("maxpool")
def max_pool2d(
    rec: Recorder, x: T, kernel_size: Size, stride: Size | None = None, padding: PaddingAmount = 0, dilation: Size = 1,
    ceil_mode: bool = False,
) -> T:  # fmt: skip
    """Largest element of each window of (N, C, H, W)."""
    return rec.op("max_pool", PoolAttrs(**_window(rec, x, 2, kernel_size, stride, padding, dilation, ceil_mode)), x)


@layer_named("maxpool")
def max_pool3d(
    rec: Recorder, x: T, kernel_size: Size, stride: Size | None = None, padding: PaddingAmount = 0, dilation: Size = 1,
    ceil_mode: bool = False,
) -> T:  # fmt: skip
    """Largest element of each window of (N, C, D, H, W)."""
    return rec.op("max_pool", PoolAttrs(**_window(rec, x, 3, kernel_size, stride, padding, dilation, ceil_mode)), x)


@layer_named("minpool")
def min_pool2d(
    rec: Recorder, x: T, kernel_size: Size, stride: Size | None = None, padding: PaddingAmount = 0, dilation: Size = 1,
    ceil_mode: bool = False,
) -> T:  # fmt: skip
    """Smallest element of each window of (N, C, H, W)."""
    return rec.op("min_pool", PoolAttrs(**_window(rec, x, 2, kernel_size, stride, padding, dilation, ceil_mode)), x)


@layer_named("maxpool")
def max_pool1d_with_indices(
    rec: Recorder, x: T, kernel_size: Size, stride: Size | None = None, padding: PaddingAmount = 0, dilation: Size = 1,
    ceil_mode: bool = False,
) -> tuple[T, T]:  # fmt: skip
    """Largest element of each window of (N, C, L), and its position."""
    window = _window(rec, x, 1, kernel_size, stride, padding, dilation, ceil_mode)
    return rec.op("max_pool_with_indices", PoolIndicesAttrs(**window), x)


@layer_named("maxpool")
def max_pool2d_with_indices(
    rec: Recorder, x: T, kernel_size: Size, stride: Size | None = None, padding: PaddingAmount = 0, dilation: Size = 1,
    ceil_mode: bool = False,
) -> tuple[T, T]:  # fmt: skip
    """Largest element of each window of (N, C, H, W), and its position in the flattened plane."""
    window = _window(rec, x, 2, kernel_size, stride, padding, dilation, ceil_mode)
    return rec.op("max_pool_with_indices", PoolIndicesAttrs(**window), x)


@layer_named("maxpool")
def max_pool3d_with_indices(
    rec: Recorder, x: T, kernel_size: Size, stride: Size | None = None, padding: PaddingAmount = 0, dilation: Size = 1,
    ceil_mode: bool = False,
) -> tuple[T, T]:  # fmt: skip
    """Largest element of each window of (N, C, D, H, W), and its position in the flattened volume."""
    window = _window(rec, x, 3, kernel_size, stride, padding, dilation, ceil_mode)
    return rec.op("max_pool_with_indices", PoolIndicesAttrs(**window), x)


@layer_named("maxunpool")
def max_unpool2d(
    rec: Recorder, x: T, indices: T, kernel_size: Size, stride: Size | None = None, padding: Size = 0,
    output_size: tuple[int, ...] | None = None,
) -> T:  # fmt: skip
    """Every element of (N, C, H, W) at its position in a larger plane, zeros elsewhere.

    Args:
        rec: Where it is recorded.
        x: What pooling left.
        indices: Where it came from.
        kernel_size: Window of the pooling.
        stride: Its step; that of the window unless given.
        padding: Its padding.
        output_size: Height and width before pooling; the smallest that fit unless given.
    """
    shape = rec.spec(x).shape
    if len(shape) != 4:
        raise ShapeError(f"max_unpool: expected x (N, C, H, W), got {shape}")
    kernel = per_dim(kernel_size, 2)
    steps = _steps(stride, kernel)
    smallest = tuple(
        (size - 1) * step - 2 * pad + k
        for size, step, pad, k in zip(shape[2:], steps, per_dim(padding, 2), kernel, strict=True)
    )
    return rec.op("max_unpool", UnpoolAttrs(output_size=output_size or smallest), x, indices)


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


@layer_named("avgpool")
def adaptive_avg_pool1d(rec: Recorder, x: T, output_size: OutputSize) -> T:
    """Mean over windows that make the length ``output_size``."""
    return rec.op("adaptive_avg_pool", _adaptive(rec, x, 1, output_size), x)


@layer_named("avgpool")
def adaptive_avg_pool2d(rec: Recorder, x: T, output_size: OutputSize) -> T:
    """Mean over windows that make (H, W) the ``output_size``; None keeps a size."""
    return rec.op("adaptive_avg_pool", _adaptive(rec, x, 2, output_size), x)


@layer_named("avgpool")
def adaptive_avg_pool3d(rec: Recorder, x: T, output_size: OutputSize) -> T:
    """Mean over windows that make (D, H, W) the ``output_size``; None keeps a size."""
    return rec.op("adaptive_avg_pool", _adaptive(rec, x, 3, output_size), x)


@layer_named("maxpool")
def adaptive_max_pool1d(rec: Recorder, x: T, output_size: OutputSize) -> T:
    """Largest element of windows that make the length ``output_size``."""
    return rec.op("adaptive_max_pool", _adaptive(rec, x, 1, output_size), x)


@layer_named("maxpool")
def adaptive_max_pool2d(rec: Recorder, x: T, output_size: OutputSize) -> T:
    """Largest element of windows that make (H, W) the ``output_size``; None keeps a size."""
    return rec.op("adaptive_max_pool", _adaptive(rec, x, 2, output_size), x)


@layer_named("maxpool")
def adaptive_max_pool3d(rec: Recorder, x: T, output_size: OutputSize) -> T:
    """Largest element of windows that make (D, H, W) the ``output_size``; None keeps a size."""
    return rec.op("adaptive_max_pool", _adaptive(rec, x, 3, output_size), x)


@layer_named("avgpool")
def global_avg_pool(rec: Recorder, x: T) -> T:
    """Mean of each plane: (N, C, *in) to (N, C, 1, ...)."""
    return rec.op("adaptive_avg_pool", _adaptive(rec, x, len(rec.spec(x).shape) - 2, 1), x)


@layer_named("maxpool")
def global_max_pool(rec: Recorder, x: T) -> T:
    """Largest element of each plane: (N, C, *in) to (N, C, 1, ...)."""
    return rec.op("adaptive_max_pool", _adaptive(rec, x, len(rec.spec(x).shape) - 2, 1), x)


def _window(
    rec: Recorder, x: object, dims: int, kernel_size: Size, stride: Size | None, padding: PaddingAmount, dilation: Size,
    ceil_mode: bool,
) -> dict[str, Any]:  # fmt: skip
    """Settings of a pool of ``dims`` spatial dimensions."""
    kernel, spread = per_dim(kernel_size, dims), per_dim(dilation, dims)
    steps = _steps(stride, kernel)
    shape = rec.spec(x).shape
    if len(shape) != dims + 2:
        raise ShapeError(f"pool: expected x with 2 + {dims} dimensions, got {shape}")
    if isinstance(padding, list | tuple) and len(padding) == 1:
        padding = (padding[0],) * dims
    pads = resolve_padding(padding, shape[2:], kernel, steps, spread)
    return {"kernel_size": kernel, "stride": steps, "padding": pads, "dilation": spread, "ceil_mode": ceil_mode}


def _steps(stride: Size | None, kernel: tuple[int, ...]) -> tuple[int, ...]:
    """Steps of a window: its size where they are None or an empty list, as ATen writes it."""
    if stride is None or (not isinstance(stride, int) and not len(stride)):
        return kernel
    return per_dim(stride, len(kernel))


def _avg_pool(
    rec: Recorder, x: T, dims: int, window: tuple[Size, Size | None, PaddingAmount], ceil_mode: bool,
    count_include_pad: bool, divisor_override: int | None,
) -> T:  # fmt: skip
    settings = _window(rec, x, dims, *window, 1, ceil_mode)
    del settings["dilation"]
    attrs = AvgPoolAttrs(**settings, count_include_pad=count_include_pad, divisor_override=divisor_override)
    return rec.op("avg_pool", attrs, x)


def _lp_pool(
    rec: Recorder, x: T, dims: int, norm_type: float, kernel_size: Size, stride: Size | None, ceil_mode: bool
) -> T:
    kernel = per_dim(kernel_size, dims)
    steps = _steps(stride, kernel)
    attrs = LpPoolAttrs(norm_type=float(norm_type), kernel_size=kernel, stride=steps, ceil_mode=ceil_mode)
    return rec.op("lp_pool", attrs, x)


def _adaptive(rec: Recorder, x: object, dims: int, output_size: OutputSize) -> AdaptivePoolAttrs:
    sizes = (output_size,) * dims if output_size is None or isinstance(output_size, int) else tuple(output_size)
    sizes = sizes * dims if len(sizes) == 1 else sizes
    shape = rec.spec(x).shape
    if len(shape) != len(sizes) + 2:
        raise ShapeError(f"adaptive_pool: expected x with 2 + {len(sizes)} dimensions, got {shape}")
    kept = zip(sizes, shape[2:], strict=True)
    return AdaptivePoolAttrs(output_size=tuple(size if given is None else given for given, size in kept))
