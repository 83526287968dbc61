"""Layers of products: convolutions, fully connected and bilinear ones, self-attention."""

from __future__ import annotations

import math
from typing import Required, TypedDict, Unpack

from netweight.errors import ShapeError
from netweight.functions import contract as functions
from netweight.functions.move import layout
from netweight.functions.recorder import Size, per_dim
from netweight.ir import Init
from netweight.ops.arrays.padding import PaddingAmount, PaddingMode
from netweight.sources.build.core import Symbol
from netweight.sources.build.layers import offered
from netweight.sources.build.parameters import ZEROS, he, xavier

reshape = offered(layout.reshape)
split = offered(layout.split)
transpose = offered(layout.transpose)
scaled_dot_product_attention = offered(functions.scaled_dot_product_attention)


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


def _conv(
    x: Symbol, out_channels: int, dims: int, *, kernel_size: Size, stride: Size = 1, padding: PaddingAmount = 0,
    dilation: Size = 1, groups: int = 1, bias: bool = True, padding_mode: PaddingMode = "zeros",
    weight: Symbol | None = None, name: str = "conv",
) -> Symbol:  # fmt: skip
    kernel = per_dim(kernel_size, dims)
    in_per_group = x.shape[1] // max(groups, 1)  # the shape rule refuses the rest
    builder = x.builder
    with builder.recording(name):
        if weight is None:
            init = he(in_per_group * math.prod(kernel))
            weight = builder.own("weight", (out_channels, in_per_group, *kernel), init)
        offset = builder.own("bias", (out_channels,), ZEROS) if bias else None
        return functions.conv(builder, x, weight, offset, stride, padding, dilation, groups, padding_mode)


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


def deform_conv2d(
    x: Symbol, offset: Symbol, out_channels: int, *, kernel_size: Size, stride: Size = 1, padding: Size = 0,
    dilation: Size = 1, groups: int = 1, bias: bool = True, mask: Symbol | None = None, name: str = "deform_conv",
) -> Symbol:  # fmt: skip
    """Two-dimensional deformable convolution, as in torchvision.ops.

    Args:
        x: (N, C_in, H, W).
        offset: (N, 2 * offset groups * kernel elements, *out): rows and columns by which each tap is moved.
        out_channels: C_out.
        kernel_size: Elements of the kernel.
        stride: Step between output positions.
        padding: Zeros around ``x``.
        dilation: Step between kernel taps that are not moved.
        groups: Independent convolutions, side by side along the channels.
        bias: Whether to add one.
        mask: (N, offset groups * kernel elements, *out), factors of what each tap reads.
        name: Last part of the module path.

    Raises:
        ShapeError: If channels, groups, offsets and mask disagree, or the kernel does not fit.
    """
    kernel = per_dim(kernel_size, 2)
    in_per_group = x.shape[1] // max(groups, 1)
    builder = x.builder
    with builder.recording(name):
        weight = builder.own("weight", (out_channels, in_per_group, *kernel), he(in_per_group * math.prod(kernel)))
        added = builder.own("bias", (out_channels,), ZEROS) if bias else None
        return functions.deform_conv(builder, x, offset, weight, added, stride, padding, dilation, groups, mask)


def linear(
    x: Symbol, out_features: int, *, bias: bool = True, weight: Symbol | None = None, name: str = "linear"
) -> Symbol:
    """Fully connected layer over the last dimension.

    Args:
        x: (..., in_features).
        out_features: Size of the last dimension of the result.
        bias: Whether to add one.
        weight: A symbol (out_features, in_features) to share instead of a new parameter.
        name: Last part of the module path.
    """
    in_features = x.shape[-1]
    with x.builder.recording(name):
        if weight is None:
            weight = x.builder.own("weight", (out_features, in_features), he(in_features))
        offset = x.builder.own("bias", (out_features,), ZEROS) if bias else None
        return functions.linear(x.builder, x, weight, offset)


def bilinear(x1: Symbol, x2: Symbol, out_features: int, *, bias: bool = True, name: str = "bilinear") -> Symbol:
    """x1ᵀ weight x2 per output feature: products of every feature of one with every feature of the other."""
    in1, in2 = x1.shape[-1], x2.shape[-1]
    init = Init(kind="uniform", scale=1 / math.sqrt(max(in1, 1)))
    with x1.builder.recording(name):
        weight = x1.builder.own("weight", (out_features, in1, in2), init)
        offset = x1.builder.own("bias", (out_features,), init) if bias else None
        return functions.bilinear(x1.builder, x1, x2, weight, offset)


def multi_head_attention(
    x: Symbol, num_heads: int, *, bias: bool = True, mask: Symbol | None = None, is_causal: bool = False,
    name: str = "attn",
) -> Symbol:  # fmt: skip
    """Self-attention with projections into and out of the heads; parameters as torch.nn.MultiheadAttention's.

    Args:
        x: (N, L, embed_dim), the batch first.
        num_heads: Number of heads, a divisor of embed_dim.
        bias: Whether the projections add one.
        mask: Broadcastable to (N, num_heads, L, L).
        is_causal: Position l sees positions 0 to l.
        name: Last part of the module path.

    Raises:
        ShapeError: If ``x`` does not have three dimensions, or the heads do not divide the last.
    """
    if len(x.shape) != 3 or num_heads < 1 or x.shape[-1] % num_heads:
        raise ShapeError(
            f"multi_head_attention: expected x (N, L, embed_dim) and heads that divide embed_dim, "
            f"got {x.shape} and {num_heads} heads"
        )
    n, length, embed_dim = x.shape
    builder = x.builder
    layer = builder.layer_name(name)
    weight = builder.state(layer, "in_proj_weight", (3 * embed_dim, embed_dim), xavier(embed_dim, 3 * embed_dim))
    offset = builder.state(layer, "in_proj_bias", (3 * embed_dim,), ZEROS) if bias else None
    with builder.scope(layer.rpartition(".")[2], "MultiheadAttention"):
        (projected,) = builder.call("linear", None, (x, weight, offset), layer=builder.layer_name("in_proj"))
        heads = [
            transpose(
                reshape(part, n, length, num_heads, embed_dim // num_heads, name="heads"), 1, 2, name="heads_first"
            )
            for part in split(projected, embed_dim, -1, name="qkv")
        ]
        query, key, value = heads
        mixed = scaled_dot_product_attention(query, key, value, mask=mask, is_causal=is_causal, name="attention")
        joined = reshape(transpose(mixed, 1, 2, name="heads_last"), n, length, embed_dim, name="joined")
        return linear(joined, embed_dim, bias=bias, name="out_proj")
