"""Convolution whose taps move."""

from __future__ import annotations

import math

from netweight.functions.recorder import Recorder, Size, T, per_dim
from netweight.ops.arrays.padding import resolve_padding
from netweight.ops.contract.deform_conv import DeformConvAttrs

# Layers of the builder make the weights.
__all__: list[str] = []


def deform_conv(
    rec: Recorder, x: T, offset: T, weight: T, bias: T | None = None, stride: Size = 1, padding: Size = 0,
    dilation: Size = 1, groups: int = 1, mask: T | None = None,
) -> T:  # fmt: skip
    """Two-dimensional convolution whose taps are moved by offsets, which say how many groups of them there are."""
    kernel = rec.spec(weight).shape[2:]
    steps, spread = per_dim(stride, 2), per_dim(dilation, 2)
    attrs = DeformConvAttrs(
        stride=steps,
        padding=resolve_padding(per_dim(padding, 2), rec.spec(x).shape[2:], kernel, steps, spread),
        dilation=spread,
        groups=groups,
        offset_groups=max(rec.spec(offset).shape[1] // (2 * math.prod(kernel)), 1),  # the shape rule refuses the rest
    )
    return rec.op("deform_conv", attrs, x, weight, offset, mask, bias)
