"""Convolutions."""

from __future__ import annotations

import math
from typing import Required, TypedDict, Unpack

from netweight.functions.contract import conv as functions
from netweight.functions.recorder import Size, per_dim
from netweight.ops.arrays.padding import PaddingAmount, PaddingMode
from netweight.sources.build.core import Symbol
from netweight.sources.build.parameters import ZEROS, he, size_of


class ConvOptions(TypedDict, total=False):
    """Options of a convolution.

    Attributes:
        kernel_size: Elements of the kernel.
        stride: Step between output positions; 1.
        padding: A number, a tuple of numbers or (before, after) pairs, ``"valid"``, ``"same"``, ``"same_upper"``,
            ``"same_lower"``, ``"full"``; 0.
        dilation: Step between kernel taps; 1.
        groups: Independent convolutions, side by side along the channels; 1.
        bias: Whether to add one; True.
        padding_mode: What stands around ``x``; ``"zeros"``.
        weight: A symbol to share instead of a new parameter.
        name: Last part of the module path; ``"conv"``.
    """

    kernel_size: Required[Size]
    stride: Size
    padding: PaddingAmount
    dilation: Size
    groups: int
    bias: bool
    padding_mode: PaddingMode
    weight: Symbol | None
    name: str


def conv1d(x: Symbol, out_channels: int, **options: Unpack[ConvOptions]) -> Symbol:
    """One-dimensional convolution of (N, C_in, L); options as in ``ConvOptions``."""
    return _conv(x, out_channels, 1, **options)


def conv2d(x: Symbol, out_channels: int, **options: Unpack[ConvOptions]) -> Symbol:
    """Two-dimensional convolution of (N, C_in, H, W); options as in ``ConvOptions``.

    Raises:
        ShapeError: If channels and groups disagree, or the kernel does not fit.
    """
    return _conv(x, out_channels, 2, **options)


def conv3d(x: Symbol, out_channels: int, **options: Unpack[ConvOptions]) -> Symbol:
    """Three-dimensional convolution of (N, C_in, D, H, W); options as in ``ConvOptions``."""
    return _conv(x, out_channels, 3, **options)


def _conv(
    x: Symbol, out_channels: int, dims: int, *, kernel_size: Size, stride: Size = 1, padding: PaddingAmount = 0,
    dilation: Size = 1, groups: int = 1, bias: bool = True, padding_mode: PaddingMode = "zeros",
    weight: Symbol | None = None, name: str = "conv",
) -> Symbol:  # fmt: skip
    kernel = per_dim(kernel_size, dims)
    in_per_group = size_of(x, 1, "conv") // max(groups, 1)  # the shape rule refuses the rest
    builder = x.builder
    with builder.recording(name):
        if weight is None:
            init = he(in_per_group * math.prod(kernel))
            weight = builder.own("weight", (out_channels, in_per_group, *kernel), init)
        offset = builder.own("bias", (out_channels,), ZEROS) if bias else None
        return functions.conv(builder, x, weight, offset, stride, padding, dilation, groups, padding_mode)
