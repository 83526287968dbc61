"""Convolution."""

from __future__ import annotations

from netweight.functions.recorder import Recorder, Size, T, per_dim
from netweight.ops.arrays.padding import PaddingAmount, PaddingMode, resolve_padding
from netweight.ops.contract.conv import ConvAttrs

# Layers of the builder make the weights.
__all__: list[str] = []


def conv(
    rec: Recorder, x: T, weight: T, bias: T | None = None, stride: Size = 1, padding: PaddingAmount = 0,
    dilation: Size = 1, groups: int = 1, padding_mode: PaddingMode = "zeros",
) -> T:  # fmt: skip
    """Convolution of (N, C_in, *in) with (C_out, C_in / groups, *kernel), of as many dimensions as the kernel has."""
    kernel = rec.spec(weight).shape[2:]
    steps, spread = per_dim(stride, len(kernel)), per_dim(dilation, len(kernel))
    pads = resolve_padding(padding, rec.spec(x).shape[2:], kernel, steps, spread)
    attrs = ConvAttrs(stride=steps, padding=pads, dilation=spread, groups=groups, padding_mode=padding_mode)
    return rec.op("conv", attrs, x, weight, bias)
