"""Largest elements of windows and where they are, and back."""

from __future__ import annotations

from netweight.errors import ShapeError
from netweight.functions.recorder import Recorder, Size, T, layer_named, per_dim
from netweight.functions.window.settings import of_dims, steps_of, window_of
from netweight.ops.arrays.padding import PaddingAmount
from netweight.ops.window.pool_indices import PoolIndicesAttrs, UnpoolAttrs

__all__ = ["max_pool1d_with_indices", "max_pool2d_with_indices", "max_pool3d_with_indices", "max_unpool2d"]


@layer_named("maxpool")
def max_pool_with_indices(
    rec: Recorder, x: T, kernel_size: Size, stride: Size | None = None, padding: PaddingAmount = 0, dilation: Size = 1,
    ceil_mode: bool = False, *, across_planes: bool = False,
) -> tuple[T, T]:  # fmt: skip
    """Largest element of each window, and its position in the flattened plane."""
    window = window_of(rec, x, kernel_size, stride, padding, dilation, ceil_mode)
    return rec.op("max_pool_with_indices", PoolIndicesAttrs(**window, across_planes=across_planes), x)


max_pool1d_with_indices, max_pool2d_with_indices, max_pool3d_with_indices = of_dims(
    max_pool_with_indices, 1, 2, 3, name="max_pool{}d_with_indices"
)


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
    steps = steps_of(stride, kernel)
    smallest = tuple(
        (size - 1) * step - 2 * pad + k
        for size, step, pad, k in zip(shape[2:], steps, per_dim(padding, 2), kernel, strict=True)
    )
    return rec.op("max_unpool", UnpoolAttrs(output_size=output_size or smallest), x, indices)
