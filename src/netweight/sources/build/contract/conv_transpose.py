"""Transposed convolutions."""

from __future__ import annotations

import math
from typing import Required, TypedDict, Unpack

from netweight.errors import ShapeError
from netweight.functions.contract import conv_transpose as functions
from netweight.functions.recorder import Size, per_dim
from netweight.ops.arrays.padding import PaddingAmount
from netweight.sources.build.core import Symbol
from netweight.sources.build.parameters import ZEROS, he


class ConvTransposeOptions(TypedDict, total=False):
    """Options of a transposed convolution.

    Attributes:
        kernel_size: Elements of the kernel.
        stride: Step between the places where the kernel is added; 1.
        padding: What is cut off around the output: a number, a tuple of numbers or (before, after) pairs; 0.
        output_padding: What is added after the last position; 0.
        dilation: Step between kernel taps; 1.
        groups: Independent convolutions, side by side along the channels; 1.
        bias: Whether to add one; True.
        weight: A symbol to share instead of a new parameter.
        name: Last part of the module path; ``"conv_transpose"``.
    """

    kernel_size: Required[Size]
    stride: Size
    padding: PaddingAmount
    output_padding: Size
    dilation: Size
    groups: int
    bias: bool
    weight: Symbol | None
    name: str


def conv_transpose1d(x: Symbol, out_channels: int, **options: Unpack[ConvTransposeOptions]) -> Symbol:
    """One-dimensional transposed convolution of (N, C_in, L); options as in ``ConvTransposeOptions``."""
    return _conv_transpose(x, out_channels, 1, **options)


def conv_transpose2d(x: Symbol, out_channels: int, **options: Unpack[ConvTransposeOptions]) -> Symbol:
    """Two-dimensional transposed convolution of (N, C_in, H, W); options as in ``ConvTransposeOptions``.

    Raises:
        ShapeError: If channels and groups disagree, or nothing is left after the padding.
    """
    return _conv_transpose(x, out_channels, 2, **options)


def conv_transpose3d(x: Symbol, out_channels: int, **options: Unpack[ConvTransposeOptions]) -> Symbol:
    """Three-dimensional transposed convolution of (N, C_in, D, H, W); options as in ``ConvTransposeOptions``."""
    return _conv_transpose(x, out_channels, 3, **options)


def _conv_transpose(
    x: Symbol, out_channels: int, dims: int, *, kernel_size: Size, stride: Size = 1, padding: PaddingAmount = 0,
    output_padding: Size = 0, dilation: Size = 1, groups: int = 1, bias: bool = True, weight: Symbol | None = None,
    name: str = "conv_transpose",
) -> Symbol:  # fmt: skip
    if len(x.shape) != dims + 2 or out_channels % groups:
        raise ShapeError(
            f"conv_transpose: expected x with 2 + {dims} dimensions and out_channels divisible by groups, "
            f"got {x.shape}, {out_channels} and {groups}"
        )
    kernel = per_dim(kernel_size, dims)
    builder = x.builder
    with builder.recording(name):
        if weight is None:
            taps = x.shape[1] // groups * math.prod(kernel)
            met = taps // max(1, math.prod(per_dim(stride, dims)))  # inputs that one output sums over
            weight = builder.own("weight", (x.shape[1], out_channels // groups, *kernel), he(met))
        offset = builder.own("bias", (out_channels,), ZEROS) if bias else None
        return functions.conv_transpose(builder, x, weight, offset, stride, padding, output_padding, groups, dilation)
