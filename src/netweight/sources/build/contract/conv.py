"""Convolutions."""

from __future__ import annotations

import math
from typing import TypeAlias

from netweight.functions.contract import conv as functions
from netweight.functions.recorder import Size, per_dim
from netweight.ops.arrays.padding import PaddingAmount, PaddingMode
from netweight.sources.build.core import Symbol
from netweight.sources.build.parameters import ZEROS, he, size_of

_Options: TypeAlias = tuple[Size, PaddingAmount, Size, int, bool, PaddingMode, Symbol | None, str]


def conv1d(
    x: Symbol, out_channels: int, kernel_size: Size, stride: Size = 1, padding: PaddingAmount = 0, dilation: Size = 1,
    groups: int = 1, bias: bool = True, padding_mode: PaddingMode = "zeros", *, weight: Symbol | None = None,
    name: str = "conv",
) -> Symbol:  # fmt: skip
    """One-dimensional convolution of (N, C_in, L), with arguments in the order of PyTorch's layer.

    >>> from netweight import build
    >>> graph = build.graph(lambda x: build.conv1d(x, 8, 3), (1, 3, 32))
    >>> graph.spec(graph.outputs[0]).shape
    (1, 8, 30)

    Args:
        x: The tensor, of (N, C_in, L).
        out_channels: Channels of the output.
        kernel_size: Elements of the kernel, one number or one per dimension.
        stride: Step between output positions.
        padding: A number, a tuple of numbers or (before, after) pairs, ``"valid"``, ``"same"``, ``"same_upper"``,
            ``"same_lower"``, ``"full"``.
        dilation: Step between kernel taps.
        groups: Independent convolutions, side by side along the channels.
        bias: Whether to add one.
        padding_mode: What stands around ``x``.
        weight: A symbol to share instead of a new parameter.
        name: Last part of the module path.

    Raises:
        ShapeError: If channels and groups disagree, or the kernel does not fit.
    """
    options: _Options = (stride, padding, dilation, groups, bias, padding_mode, weight, name)
    return _conv(x, out_channels, 1, kernel_size, *options)


def conv2d(
    x: Symbol, out_channels: int, kernel_size: Size, stride: Size = 1, padding: PaddingAmount = 0, dilation: Size = 1,
    groups: int = 1, bias: bool = True, padding_mode: PaddingMode = "zeros", *, weight: Symbol | None = None,
    name: str = "conv",
) -> Symbol:  # fmt: skip
    """Two-dimensional convolution of (N, C_in, H, W), with arguments in the order of PyTorch's layer.

    >>> from netweight import build
    >>> graph = build.graph(lambda x: build.conv2d(x, 8, 3), (1, 3, 32, 32))
    >>> graph.spec(graph.outputs[0]).shape
    (1, 8, 30, 30)

    Args:
        x: The tensor, of (N, C_in, H, W).
        out_channels: Channels of the output.
        kernel_size: Elements of the kernel, one number or one per dimension.
        stride: Step between output positions.
        padding: A number, a tuple of numbers or (before, after) pairs, ``"valid"``, ``"same"``, ``"same_upper"``,
            ``"same_lower"``, ``"full"``.
        dilation: Step between kernel taps.
        groups: Independent convolutions, side by side along the channels.
        bias: Whether to add one.
        padding_mode: What stands around ``x``.
        weight: A symbol to share instead of a new parameter.
        name: Last part of the module path.

    Raises:
        ShapeError: If channels and groups disagree, or the kernel does not fit.
    """
    options: _Options = (stride, padding, dilation, groups, bias, padding_mode, weight, name)
    return _conv(x, out_channels, 2, kernel_size, *options)


def conv3d(
    x: Symbol, out_channels: int, kernel_size: Size, stride: Size = 1, padding: PaddingAmount = 0, dilation: Size = 1,
    groups: int = 1, bias: bool = True, padding_mode: PaddingMode = "zeros", *, weight: Symbol | None = None,
    name: str = "conv",
) -> Symbol:  # fmt: skip
    """Three-dimensional convolution of (N, C_in, D, H, W), with arguments in the order of PyTorch's layer.

    >>> from netweight import build
    >>> graph = build.graph(lambda x: build.conv3d(x, 8, 3), (1, 3, 8, 8, 8))
    >>> graph.spec(graph.outputs[0]).shape
    (1, 8, 6, 6, 6)

    Args:
        x: The tensor, of (N, C_in, D, H, W).
        out_channels: Channels of the output.
        kernel_size: Elements of the kernel, one number or one per dimension.
        stride: Step between output positions.
        padding: A number, a tuple of numbers or (before, after) pairs, ``"valid"``, ``"same"``, ``"same_upper"``,
            ``"same_lower"``, ``"full"``.
        dilation: Step between kernel taps.
        groups: Independent convolutions, side by side along the channels.
        bias: Whether to add one.
        padding_mode: What stands around ``x``.
        weight: A symbol to share instead of a new parameter.
        name: Last part of the module path.

    Raises:
        ShapeError: If channels and groups disagree, or the kernel does not fit.
    """
    options: _Options = (stride, padding, dilation, groups, bias, padding_mode, weight, name)
    return _conv(x, out_channels, 3, kernel_size, *options)


def _conv(
    x: Symbol, out_channels: int, dims: int, kernel_size: Size, stride: Size, padding: PaddingAmount, dilation: Size,
    groups: int, bias: bool, padding_mode: PaddingMode, weight: Symbol | None, name: str,
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
