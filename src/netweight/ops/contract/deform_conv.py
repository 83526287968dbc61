"""Deformable convolution: every tap of the kernel reads where an offset of its own moves it to, and may be scaled.

Shapes
    x       (N, C_in, *in)
    weight  (C_out, C_in / groups, *kernel_size)
    offset  (N, offset_groups * kernel elements * spatial, *out), in elements of x, the first spatial dimension first
    mask    (N, offset_groups * kernel elements, *out) or None
    bias    (C_out,) or None
    y       (N, C_out, *out)

What a tap reads is a sum of the 2 ** spatial elements around its place, with weights as in linear interpolation, and
zero beyond the input. Channels of an offset group share offsets and mask. In the einsum strings below: n batch, g
group, c input channel of the group, o output channel of the group, p output position, k tap.
    forward       ngckp, gock -> ngop
    grad_weight   ngckp, ngop -> gock
    grad_columns  ngop,  gock -> ngckp

Source: Dai et al. 2017, "Deformable Convolutional Networks"; Zhu et al. 2019, version 2, with a mask;
torchvision.ops.deform_conv2d; ONNX DeformConv.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any

from netweight.count import Count, product, total
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.dims import merged, split
from netweight.ops.arrays.padding import Pads
from netweight.ops.arrays.windows import Sizes
from netweight.ops.contract.conv import ConvAttrs, conv_cost, conv_shape
from netweight.ops.dims import kernel_dims, out_dims
from netweight.ops.extent import Extent, Mixes
from netweight.ops.table import FREE, Cost, Wanted, define

Spec = TensorSpec | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeformConvAttrs:
    """Attributes of a deformable convolution, one entry per spatial dimension.

    Attributes:
        stride: Step between output positions, in input elements.
        padding: Elements added (before, after) each spatial dimension.
        dilation: Step between kernel taps that are not moved, in input elements.
        groups: Number of independent convolutions, side by side along the channels.
        offset_groups: Groups of channels that have offsets, and a mask, of their own.
    """

    stride: Sizes
    padding: Pads
    dilation: Sizes
    groups: int = 1
    offset_groups: int = 1


def deform_conv_shape(
    attrs: DeformConvAttrs, x: TensorSpec, weight: TensorSpec, offset: TensorSpec, mask: Spec, bias: Spec
) -> TensorSpec:
    """That of a convolution with the same attributes."""
    y = conv_shape(_plain(attrs), x, weight, bias)
    taps, (n, _, *out_size) = math.prod(weight.shape[2:]), y.shape
    if x.shape[1] % attrs.offset_groups:
        raise ShapeError(
            f"deform_conv: expected in_channels divisible by offset_groups, got {x.shape[1]} % {attrs.offset_groups}"
        )
    wanted = (n, attrs.offset_groups * taps * len(out_size), *out_size)
    if offset.shape != wanted:
        raise ShapeError(f"deform_conv: expected offset of shape {wanted}, got {offset.shape}")
    wanted = (n, attrs.offset_groups * taps, *out_size)
    if mask is not None and mask.shape != wanted:
        raise ShapeError(f"deform_conv: expected mask of shape {wanted}, got {mask.shape}")
    return y


def deform_conv_cost(
    attrs: DeformConvAttrs, x: TensorSpec, weight: TensorSpec, offset: TensorSpec, mask: Spec, bias: Spec
) -> Cost:
    """The MACs of a convolution, and what is read: a sum over corners per tap, output position and input channel.

    A coordinate is an addition of the offset, a rounding, two shares (an addition each), and four comparisons of the
    elements around it with the ends of the input; the shares of all coordinates multiply to the weight of a corner.
    The mask is one product per tap, output position and input channel.
    """
    deform_conv_shape(attrs, x, weight, offset, mask, bias)
    spatial, corners = len(attrs.stride), 2 ** len(attrs.stride)
    places, reads = _counts(attrs, x, weight, offset)
    sampling = Cost(
        adds=places * product(coordinates=spatial, each=3) + reads * product(corners=corners - 1),
        compares=places * product(coordinates=spatial, each=5),
        muls=total([
            places * product(corners=corners, each=spatial - 1), reads * product(corners=corners),
            0 if mask is None else reads,
        ]),
    )  # fmt: skip
    return conv_cost(_plain(attrs), x, weight, bias) + sampling


def deform_conv_forward(
    attrs: DeformConvAttrs, x: Array, weight: Array, offset: Array, mask: Array | None, bias: Array | None
) -> Array:
    """Read, scale, and contract as a convolution does."""
    read = _read(attrs, x, weight, offset)
    columns = _columns(attrs, read if mask is None else read * _per_tap(attrs, mask)[..., None])
    grouped_y = np.einsum("ngckp,gock->ngop", columns, _grouped(attrs, weight))
    y: Array = grouped_y.reshape(x.shape[0], weight.shape[0], *offset.shape[2:])
    return y if bias is None else y + bias.reshape(-1, *(1,) * (y.ndim - 2))


def deform_conv_backward(
    attrs: DeformConvAttrs, grad_y: Array, x: Array, weight: Array, offset: Array, mask: Array | None,
    bias: Array | None,
) -> tuple[Array | None, ...]:  # fmt: skip
    """Gradients of a convolution; from its columns on to the elements read, to the offsets, and to the mask."""
    grouped_grad_y = merged(split(grad_y, 1, attrs.groups), 3)
    read, scale = _read(attrs, x, weight, offset), None if mask is None else _per_tap(attrs, mask)[..., None]
    columns = _columns(attrs, read if scale is None else read * scale)
    grad_weight = np.einsum("ngckp,ngop->gock", columns, grouped_grad_y).reshape(weight.shape)
    grad_columns = np.einsum("ngop,gock->ngckp", grouped_grad_y, _grouped(attrs, weight))
    grad_scaled = _uncolumned(attrs, grad_columns, read)
    grad_read = grad_scaled if scale is None else grad_scaled * scale
    source = _sources(attrs, x)
    grad_source = np.zeros(source.shape, grad_y.dtype)
    grad_offset = np.zeros(_offsets(attrs, offset).shape, grad_y.dtype)
    for at, part, slopes in _corners(attrs, x, weight, offset):
        np.add.at(grad_source, at, grad_read * part[..., None])
        through = (grad_read * source[at]).sum(axis=-1)
        for dim, slope in enumerate(slopes):
            grad_offset[:, :, :, dim] += through * slope
    return (
        np.moveaxis(grad_source, -1, 2).reshape(x.shape),
        grad_weight,
        grad_offset.reshape(offset.shape),
        None if mask is None else (grad_scaled * read).sum(axis=-1).reshape(mask.shape),
        None if bias is None else grad_y.sum(axis=(0, *range(2, grad_y.ndim))),
    )


def deform_conv_backward_cost(
    attrs: DeformConvAttrs, wanted: Wanted, x: TensorSpec, weight: TensorSpec, offset: TensorSpec, mask: Spec,
    bias: Spec,
) -> Cost:  # fmt: skip
    """As many MACs as the forward for the gradient of ``weight``, and as many for all that was read.

    On to ``x`` each read takes a product and an addition per corner; to ``offset`` the same, and per place, corner and
    coordinate the slope of its weight; to ``mask`` a product and an addition per read. The mask itself scales reads.
    """
    if not any(wanted):
        return FREE
    grad_x, grad_weight, grad_offset, grad_mask, grad_bias = wanted
    plain = conv_cost(_plain(attrs), x, weight, bias)
    spatial, corners = len(attrs.stride), 2 ** len(attrs.stride)
    places, reads = _counts(attrs, x, weight, offset)
    through = [reads * product(corners=corners)] * (grad_x + grad_offset) + [reads] * grad_mask
    slopes = [places * product(corners=corners, coordinates=spatial, each=spatial)] * grad_offset
    sums = [places * product(corners=corners, coordinates=spatial)] * grad_offset
    scaled = [reads] * (mask is not None and (grad_x or grad_offset))
    return Cost(
        macs=total([plain.macs] * (grad_weight + (grad_x or grad_offset or grad_mask))),
        muls=total([*through, *slopes, *scaled]),
        adds=total([*through, *sums, plain.adds if grad_bias else 0]),
    )


def deform_conv_extent(_attrs: DeformConvAttrs, x: TensorSpec, *_others: Spec) -> Extent:
    """Any position: the offsets say which."""
    return Mixes(tuple(range(1, len(x.shape))))


def _plain(attrs: DeformConvAttrs) -> ConvAttrs:
    """The convolution whose taps are not moved."""
    return ConvAttrs(stride=attrs.stride, padding=attrs.padding, dilation=attrs.dilation, groups=attrs.groups)


def _counts(attrs: DeformConvAttrs, x: TensorSpec, weight: TensorSpec, offset: TensorSpec) -> tuple[Count, Count]:
    """Places that offsets name, and what is read there: one number per input channel."""
    around = {**kernel_dims(weight.shape[2:]), **out_dims(offset.shape[2:])}
    n, c_in, *_ = x.shape
    return product({"n": n, "offset_groups": attrs.offset_groups, **around}), product({"n": n, "c_in": c_in, **around})


def _grouped(attrs: DeformConvAttrs, weight: Array) -> Array:
    """View ``weight`` as (groups, C_out / groups, C_in / groups, taps)."""
    return merged(split(weight, 0, attrs.groups), 3)


def _sources(attrs: DeformConvAttrs, x: Array) -> Array:
    """``x`` as (N, offset groups, *in, channels of the offset group)."""
    return np.moveaxis(split(x, 1, attrs.offset_groups), 2, -1)


def _per_tap(attrs: DeformConvAttrs, mask: Array) -> Array:
    return split(mask, 1, attrs.offset_groups)


def _offsets(attrs: DeformConvAttrs, offset: Array) -> Array:
    """View ``offset`` as (N, offset groups, taps, spatial, *out)."""
    pairs = split(offset, 1, attrs.offset_groups)
    return split(pairs, 2, pairs.shape[2] // len(attrs.stride))


def _read(attrs: DeformConvAttrs, x: Array, weight: Array, offset: Array) -> Array:
    """What every tap reads: (N, offset groups, taps, *out, channels of the offset group)."""
    source = _sources(attrs, x)
    parts = (source[at] * part[..., None] for at, part, _ in _corners(attrs, x, weight, offset))
    return reduce(np.add, parts)


def _columns(attrs: DeformConvAttrs, read: Array) -> Array:
    """What was read as (N, groups, C_in / groups, taps, positions)."""
    by_channel = np.moveaxis(merged(read, 3, read.ndim - 1), -1, 2)
    return split(merged(by_channel, 1, 3), 1, attrs.groups)


def _uncolumned(attrs: DeformConvAttrs, columns: Array, read: Array) -> Array:
    """Transpose of ``_columns``."""
    n, _, _, taps, positions = columns.shape
    by_channel = columns.reshape(n, attrs.offset_groups, read.shape[-1], taps, positions)
    return np.moveaxis(by_channel, 2, -1).reshape(read.shape)


def _corners(
    attrs: DeformConvAttrs, x: Array, weight: Array, offset: Array
) -> Iterator[tuple[Any, Array, list[Array]]]:
    """For each corner where it is in ``_sources``, its weight, and what a step along each dimension adds to that."""
    in_size, kernel_size, out_size = x.shape[2:], weight.shape[2:], offset.shape[2:]
    spatial = len(in_size)
    taps = np.indices(kernel_size).reshape(spatial, -1, *(1,) * spatial)
    grid = np.indices(out_size)[:, None]
    moved = _offsets(attrs, offset)
    places = [
        moved[:, :, :, d] + (grid[d] * attrs.stride[d] - attrs.padding[d][0] + taps[d] * attrs.dilation[d])
        for d in range(spatial)
    ]
    near = [np.floor(place) for place in places]
    # A place may be further away than whole numbers reach, or no number: it is outside then.
    whole = [
        np.clip(np.nan_to_num(low, nan=-2), -2, size).astype(np.int64) for low, size in zip(near, in_size, strict=True)
    ]
    parts = [(place - low).astype(x.dtype, copy=False) for place, low in zip(places, near, strict=True)]
    batch = np.arange(len(x)).reshape(-1, *(1,) * (spatial + 2))
    group = np.arange(attrs.offset_groups).reshape(-1, *(1,) * (spatial + 1))
    for corner in itertools.product((0, 1), repeat=spatial):
        index = [low + far for low, far in zip(whole, corner, strict=True)]
        inside = reduce(np.logical_and, [(i >= 0) & (i < size) for i, size in zip(index, in_size, strict=True)])
        at = tuple(np.clip(i, 0, size - 1) for i, size in zip(index, in_size, strict=True))
        shares = [part if far else 1 - part for part, far in zip(parts, corner, strict=True)]
        slopes = [
            inside * (1 if far else -1) * math.prod(shares[:dim] + shares[dim + 1 :]) for dim, far in enumerate(corner)
        ]
        yield (batch, group, *at), inside * math.prod(shares), slopes


DEFORM_CONV = define(
    name="deform_conv",
    kind="conv",
    attrs=DeformConvAttrs,
    inputs=("x", "weight", "offset", "mask", "bias"),
    shape=deform_conv_shape,
    cost=deform_conv_cost,
    forward=deform_conv_forward,
    backward=deform_conv_backward,
    backward_cost=deform_conv_backward_cost,
    saves={
        "x": ("weight", "offset", "mask"),
        "weight": ("x", "offset", "mask"),
        "offset": ("x", "weight", "offset", "mask"),
        "mask": ("x", "weight", "offset"),
    },
    extent=deform_conv_extent,
    dims={"x": "n c_in *in", "weight": "c_out c_in/groups *k", "bias": "c_out", "y": "n c_out *out"},
)
