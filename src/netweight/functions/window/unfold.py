"""Windows laid side by side, and added back to where they lay."""

from __future__ import annotations

import math
from typing import Any

from netweight.errors import ShapeError
from netweight.functions.move.layout import reshape
from netweight.functions.recorder import Recorder, Size, T, from_front, per_dim
from netweight.ops.arrays.windows import out_sizes
from netweight.ops.window.unfold import FoldAttrs, UnfoldAttrs, WindowViewAttrs


def unfold(rec: Recorder, x: T, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1) -> T:
    """Sliding windows as columns, (N, C, *in) to (N, C * kernel elements, windows): im2col.

    The windows are flattened by a view: apart, they keep their receptive field.
    """
    spatial = len(rec.spec(x).shape) - 2
    y = rec.op("unfold", UnfoldAttrs(**_sliding(spatial, kernel_size, dilation, padding, stride)), x)
    shape = rec.spec(y).shape
    return reshape(rec, y, *shape[:2], math.prod(shape[2:]))


def fold(
    rec: Recorder, x: T, output_size: tuple[int, ...], kernel_size: Size, dilation: Size = 1, padding: Size = 0,
    stride: Size = 1,
) -> T:  # fmt: skip
    """Columns added back to where their windows lay, (N, C * kernel elements, windows) to (N, C, *output_size)."""
    w = _sliding(len(output_size), kernel_size, dilation, padding, stride)
    attrs = FoldAttrs(output_size=tuple(output_size), **w)
    counts = out_sizes("fold", attrs.output_size, attrs.kernel_size, attrs.stride, attrs.padding, attrs.dilation)
    shape = rec.spec(x).shape
    if len(shape) != 3 or shape[2] != math.prod(counts):
        raise ShapeError(f"fold: expected x (N, C * kernel elements, {math.prod(counts)}), got {shape}")
    return rec.op("fold", attrs, reshape(rec, x, *shape[:2], *counts))


def window_view(rec: Recorder, x: T, dimension: int, size: int, step: int = 1) -> T:
    """Windows along one dimension, their elements last: a view, PyTorch's Tensor.unfold."""
    return rec.op("window_view", WindowViewAttrs(dim=from_front(rec, x, dimension)[0], size=size, step=step), x)


def _sliding(spatial: int, kernel_size: Size, dilation: Size, padding: Size, stride: Size) -> dict[str, Any]:
    return {
        "kernel_size": per_dim(kernel_size, spatial),
        "stride": per_dim(stride, spatial),
        "padding": tuple((amount, amount) for amount in per_dim(padding, spatial)),
        "dilation": per_dim(dilation, spatial),
    }
