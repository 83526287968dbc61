"""Convolutions."""

from __future__ import annotations

import math

from netweight.functions.contract.conv import conv
from netweight.functions.recorder import per_dim
from netweight.ops.arrays.padding import PaddingAmount, PaddingMode
from netweight.sources.build.core import Symbol
from netweight.sources.build.params import ZEROS, he


def conv1d(x: Symbol, out_channels: int, **options: object) -> Symbol:
    """One-dimensional convolution; options as ``conv2d``."""
    return _conv(x, out_channels, 1, **options)  # type: ignore[arg-type]


def conv2d(x: Symbol, out_channels: int, **options: object) -> Symbol:
    """Two-dimensional convolution.

    Args:
        x: (N, C_in, H, W).
        out_channels: C_out.
        **options: ``kernel_size`` (required), ``stride=1``, ``padding=0`` (a number, a tuple of
            numbers or (before, after) pairs, ``"valid"``, ``"same"``, ``"same_upper"``, ``"same_lower"``, ``"full"``),
            ``dilation=1``, ``groups=1``, ``bias=True``, ``padding_mode="zeros"``, ``weight=None`` (a symbol to share),
            ``name="conv"``.

    Raises:
        ShapeError: If channels and groups disagree, or the kernel does not fit.
    """
    return _conv(x, out_channels, 2, **options)  # type: ignore[arg-type]


def conv3d(x: Symbol, out_channels: int, **options: object) -> Symbol:
    """Three-dimensional convolution; options as ``conv2d``."""
    return _conv(x, out_channels, 3, **options)  # type: ignore[arg-type]


def _conv(
    x: Symbol,
    out_channels: int,
    dims: int,
    *,
    kernel_size: int | tuple[int, ...],
    stride: int | tuple[int, ...] = 1,
    padding: PaddingAmount = 0,
    dilation: int | tuple[int, ...] = 1,
    groups: int = 1,
    bias: bool = True,
    padding_mode: PaddingMode = "zeros",
    weight: Symbol | None = None,
    name: str = "conv",
) -> Symbol:
    builder = x.builder
    layer = builder.layer_name(name)
    kernel = per_dim(kernel_size, dims)
    in_per_group = x.shape[1] // max(groups, 1)  # the shape rule refuses the rest
    if weight is None:
        weight = builder.state(
            layer, "weight", (out_channels, in_per_group, *kernel), he(in_per_group * math.prod(kernel))
        )
    offset = builder.state(layer, "bias", (out_channels,), ZEROS) if bias else None
    with builder.layer(layer):
        return conv(builder, x, weight, offset, stride, padding, dilation, groups, padding_mode)
