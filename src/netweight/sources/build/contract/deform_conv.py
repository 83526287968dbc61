"""Convolutions whose taps move."""

from __future__ import annotations

import math

from netweight.functions.contract import deform_conv as functions
from netweight.functions.recorder import Size, per_dim
from netweight.sources.build.core import Symbol
from netweight.sources.build.parameters import ZEROS, he, size_of


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
    in_per_group = size_of(x, 1, "deform_conv") // max(groups, 1)
    builder = x.builder
    with builder.recording(name):
        weight = builder.own("weight", (out_channels, in_per_group, *kernel), he(in_per_group * math.prod(kernel)))
        added = builder.own("bias", (out_channels,), ZEROS) if bias else None
        return functions.deform_conv(builder, x, offset, weight, added, stride, padding, dilation, groups, mask)
