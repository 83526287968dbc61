"""Settings of the windows of a pool."""

from __future__ import annotations

from typing import Any

from netweight.errors import ShapeError
from netweight.functions.recorder import Recorder, Size, per_dim
from netweight.ops.arrays.padding import PaddingAmount, resolve_padding

# Pools share them, nobody else calls them.
__all__: list[str] = []


def window_of(
    rec: Recorder, x: object, dims: int, kernel_size: Size, stride: Size | None, padding: PaddingAmount, dilation: Size,
    ceil_mode: bool,
) -> dict[str, Any]:  # fmt: skip
    """Settings of a pool of ``dims`` spatial dimensions."""
    kernel, spread = per_dim(kernel_size, dims), per_dim(dilation, dims)
    steps = steps_of(stride, kernel)
    shape = rec.spec(x).shape
    if len(shape) != dims + 2:
        raise ShapeError(f"pool: expected x with 2 + {dims} dimensions, got {shape}")
    if isinstance(padding, list | tuple) and len(padding) == 1:
        padding = (padding[0],) * dims
    pads = resolve_padding(padding, shape[2:], kernel, steps, spread)
    return {"kernel_size": kernel, "stride": steps, "padding": pads, "dilation": spread, "ceil_mode": ceil_mode}


def steps_of(stride: Size | None, kernel: tuple[int, ...]) -> tuple[int, ...]:
    """Steps of a window: its size where they are None or an empty list, as ATen writes it."""
    if stride is None or (not isinstance(stride, int) and not len(stride)):
        return kernel
    return per_dim(stride, len(kernel))
