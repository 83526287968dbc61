"""Transposed convolutions."""

from __future__ import annotations

import math
from typing import TypeAlias

from netweight.errors import ShapeError
from netweight.functions.contract import conv_transpose as functions
from netweight.functions.recorder import Size, per_dim
from netweight.ops.arrays.padding import PaddingAmount
from netweight.sources.build.core import Symbol
from netweight.sources.build.parameters import ZEROS, he

_Options: TypeAlias = tuple[Size, PaddingAmount, Size, int, bool, Size, Symbol | None, str]


def conv_transpose1d(
    x: Symbol, out_channels: int, kernel_size: Size, stride: Size = 1, padding: PaddingAmount = 0,
    output_padding: Size = 0, groups: int = 1, bias: bool = True, dilation: Size = 1, *, weight: Symbol | None = None,
    name: str = "conv_transpose",
) -> Symbol:  # fmt: skip
    """One-dimensional transposed convolution of (N, C_in, L), with arguments in the order of PyTorch's layer.

    >>> from netweight import build
    >>> graph = build.graph(lambda x: build.conv_transpose1d(x, 8, 3), (1, 3, 32))
    >>> graph.spec(graph.outputs[0]).shape
    (1, 8, 34)

    Args:
        x: The tensor, of (N, C_in, L).
        out_channels: Channels of the output.
        kernel_size: Elements of the kernel, one number or one per dimension.
        stride: Step between the places where the kernel is added.
        padding: What is cut off around the output: a number, a tuple of numbers or (before, after) pairs.
        output_padding: What is added after the last position.
        groups: Independent convolutions, side by side along the channels.
        bias: Whether to add one.
        dilation: Step between kernel taps.
        weight: A symbol to share instead of a new parameter.
        name: Last part of the module path.

    Raises:
        ShapeError: If channels and groups disagree, or nothing is left after the padding.
    """
    options: _Options = (stride, padding, output_padding, groups, bias, dilation, weight, name)
    return _conv_transpose(x, out_channels, 1, kernel_size, *options)


def conv_transpose2d(
    x: Symbol, out_channels: int, kernel_size: Size, stride: Size = 1, padding: PaddingAmount = 0,
    output_padding: Size = 0, groups: int = 1, bias: bool = True, dilation: Size = 1, *, weight: Symbol | None = None,
    name: str = "conv_transpose",
) -> Symbol:  # fmt: skip
    """Two-dimensional transposed convolution of (N, C_in, H, W), with arguments in the order of PyTorch's layer.

    >>> from netweight import build
    >>> graph = build.graph(lambda x: build.conv_transpose2d(x, 8, 3), (1, 3, 32, 32))
    >>> graph.spec(graph.outputs[0]).shape
    (1, 8, 34, 34)

    Args:
        x: The tensor, of (N, C_in, H, W).
        out_channels: Channels of the output.
        kernel_size: Elements of the kernel, one number or one per dimension.
        stride: Step between the places where the kernel is added.
        padding: What is cut off around the output: a number, a tuple of numbers or (before, after) pairs.
        output_padding: What is added after the last position.
        groups: Independent convolutions, side by side along the channels.
        bias: Whether to add one.
        dilation: Step between kernel taps.
        weight: A symbol to share instead of a new parameter.
        name: Last part of the module path.

    Raises:
        ShapeError: If channels and groups disagree, or nothing is left after the padding.
    """
    options: _Options = (stride, padding, output_padding, groups, bias, dilation, weight, name)
    return _conv_transpose(x, out_channels, 2, kernel_size, *options)


def conv_transpose3d(
    x: Symbol, out_channels: int, kernel_size: Size, stride: Size = 1, padding: PaddingAmount = 0,
    output_padding: Size = 0, groups: int = 1, bias: bool = True, dilation: Size = 1, *, weight: Symbol | None = None,
    name: str = "conv_transpose",
) -> Symbol:  # fmt: skip
    """Three-dimensional transposed convolution of (N, C_in, D, H, W), with arguments in the order of PyTorch's layer.

    >>> from netweight import build
    >>> graph = build.graph(lambda x: build.conv_transpose3d(x, 8, 3), (1, 3, 8, 8, 8))
    >>> graph.spec(graph.outputs[0]).shape
    (1, 8, 10, 10, 10)

    Args:
        x: The tensor, of (N, C_in, D, H, W).
        out_channels: Channels of the output.
        kernel_size: Elements of the kernel, one number or one per dimension.
        stride: Step between the places where the kernel is added.
        padding: What is cut off around the output: a number, a tuple of numbers or (before, after) pairs.
        output_padding: What is added after the last position.
        groups: Independent convolutions, side by side along the channels.
        bias: Whether to add one.
        dilation: Step between kernel taps.
        weight: A symbol to share instead of a new parameter.
        name: Last part of the module path.

    Raises:
        ShapeError: If channels and groups disagree, or nothing is left after the padding.
    """
    options: _Options = (stride, padding, output_padding, groups, bias, dilation, weight, name)
    return _conv_transpose(x, out_channels, 3, kernel_size, *options)


def _conv_transpose(
    x: Symbol, out_channels: int, dims: int, kernel_size: Size, stride: Size, padding: PaddingAmount,
    output_padding: Size, groups: int, bias: bool, dilation: Size, weight: Symbol | None, name: str,
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
