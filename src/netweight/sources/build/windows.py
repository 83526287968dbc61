"""Windows laid side by side, and sampling at positions that a tensor names."""

from __future__ import annotations

import math
from typing import Literal

from netweight.errors import ShapeError
from netweight.functions.recorder import per_dim
from netweight.ops.arrays.windows import out_sizes
from netweight.ops.sample.grid_sample import Beyond, GridSampleAttrs, SampleMode
from netweight.ops.window.unfold import FoldAttrs, UnfoldAttrs, WindowViewAttrs
from netweight.sources.build.core import Symbol, call
from netweight.sources.build.layout import reshape
from netweight.sources.build.params import from_front

Size = int | tuple[int, ...]


def unfold(
    x: Symbol, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1, *, name: str = "unfold"
) -> Symbol:
    """Sliding windows as columns, (N, C, *in) to (N, C * kernel elements, windows): im2col.

    The windows are flattened by a view: apart, they keep their receptive field.
    """
    y = call("unfold", _windows(len(x.shape) - 2, kernel_size, dilation, padding, stride), x, name=name)
    return reshape(y, *y.shape[:2], math.prod(y.shape[2:]))


def fold(
    x: Symbol,
    output_size: tuple[int, ...],
    kernel_size: Size,
    dilation: Size = 1,
    padding: Size = 0,
    stride: Size = 1,
    *,
    name: str = "fold",
) -> Symbol:
    """Columns added back to where their windows lay, (N, C * kernel elements, windows) to (N, C, *output_size).

    Raises:
        ShapeError: If ``x`` has not one column per window.
    """
    w = _windows(len(output_size), kernel_size, dilation, padding, stride)
    counts = out_sizes("fold", output_size, w.kernel_size, w.stride, w.padding, w.dilation)
    if len(x.shape) != 3 or x.shape[2] != math.prod(counts):
        raise ShapeError(f"fold: expected x (N, C * kernel elements, {math.prod(counts)}), got {x.shape}")
    attrs = FoldAttrs(
        kernel_size=w.kernel_size, stride=w.stride, padding=w.padding, dilation=w.dilation, output_size=output_size
    )
    return call("fold", attrs, reshape(x, *x.shape[:2], *counts), name=name)


def window_view(x: Symbol, dimension: int, size: int, step: int = 1, *, name: str = "window_view") -> Symbol:
    """Windows along one dimension, their elements last: a view, PyTorch's Tensor.unfold."""
    return call("window_view", WindowViewAttrs(dim=from_front(x, dimension)[0], size=size, step=step), x, name=name)


def grid_sample(
    x: Symbol,
    grid: Symbol,
    mode: Literal["bilinear", "nearest", "bicubic"] = "bilinear",
    padding_mode: Beyond = "zeros",
    *,
    align_corners: bool = False,
    name: str = "grid_sample",
) -> Symbol:
    """What ``x`` (N, C, *in) has at the coordinates of ``grid`` (N, *out, spatial), from -1 to 1, width first."""
    modes: dict[str, SampleMode] = {"bilinear": "linear", "nearest": "nearest", "bicubic": "cubic"}
    attrs = GridSampleAttrs(mode=modes[mode], padding_mode=padding_mode, align_corners=align_corners)
    return call("grid_sample", attrs, x, grid, name=name)


def _windows(spatial: int, kernel_size: Size, dilation: Size, padding: Size, stride: Size) -> UnfoldAttrs:
    return UnfoldAttrs(
        kernel_size=per_dim(kernel_size, spatial),
        stride=per_dim(stride, spatial),
        padding=tuple((amount, amount) for amount in per_dim(padding, spatial)),
        dilation=per_dim(dilation, spatial),
    )
