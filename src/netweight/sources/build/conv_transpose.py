"""Transposed convolutions."""

from __future__ import annotations

import math

from netweight.errors import ShapeError
from netweight.functions.contract.conv_transpose import conv_transpose
from netweight.functions.recorder import per_dim
from netweight.ops.arrays.padding import PaddingAmount
from netweight.sources.build.core import Symbol
from netweight.sources.build.params import ZEROS, he


def conv_transpose1d(x: Symbol, out_channels: int, **options: object) -> Symbol:
    """One-dimensional transposed convolution; options as ``conv_transpose2d``."""
    return _conv_transpose(x, out_channels, 1, **options)  # type: ignore[arg-type]


def conv_transpose2d(x: Symbol, out_channels: int, **options: object) -> Symbol:
    """Two-dimensional transposed convolution.

    Args:
        x: (N, C_in, H, W).
        out_channels: C_out.
        **options: ``kernel_size`` (required), ``stride=1``, ``padding=0`` (a number, a tuple of numbers or
            (before, after) pairs), ``output_padding=0``, ``dilation=1``, ``groups=1``, ``bias=True``,
            ``weight=None`` (a symbol to share), ``name="conv_transpose"``.

    Raises:
        ShapeError: If channels and groups disagree, or nothing is left after the padding.
    """
    return _conv_transpose(x, out_channels, 2, **options)  # type: ignore[arg-type]


def conv_transpose3d(x: Symbol, out_channels: int, **options: object) -> Symbol:
    """Three-dimensional transposed convolution; options as ``conv_transpose2d``."""
    return _conv_transpose(x, out_channels, 3, **options)  # type: ignore[arg-type]


def _conv_transpose(
    x: Symbol,
    out_channels: int,
    dims: int,
    *,
    kernel_size: int | tuple[int, ...],
    stride: int | tuple[int, ...] = 1,
    padding: PaddingAmount = 0,
    output_padding: int | tuple[int, ...] = 0,
    dilation: int | tuple[int, ...] = 1,
    groups: int = 1,
    bias: bool = True,
    weight: Symbol | None = None,
    name: str = "conv_transpose",
) -> Symbol:
    if len(x.shape) != dims + 2 or out_channels % groups:
        raise ShapeError(
            f"conv_transpose: expected x with 2 + {dims} dimensions and out_channels divisible by groups, "
            f"got {x.shape}, {out_channels} and {groups}"
        )
    builder = x.builder
    layer = builder.layer_name(name)
    kernel = per_dim(kernel_size, dims)
    if weight is None:
        met = (
            x.shape[1] // groups * math.prod(kernel) // max(1, math.prod(per_dim(stride, dims)))
        )  # inputs that one output sums over
        weight = builder.state(layer, "weight", (x.shape[1], out_channels // groups, *kernel), he(met))
    offset = builder.state(layer, "bias", (out_channels,), ZEROS) if bias else None
    with builder.layer(layer):
        return conv_transpose(builder, x, weight, offset, stride, padding, output_padding, groups, dilation)
