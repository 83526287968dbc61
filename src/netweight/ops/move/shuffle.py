"""Channels that become positions, positions that become channels, channels in another order: copies, no work.

Shapes, with r for the factor and g for the groups
    pixel_shuffle    x (..., C r², H, W)      y (..., C, H r, W r)
    pixel_unshuffle  x (..., C, H r, W r)     y (..., C r², H, W)
    channel_shuffle  x (N, g C, ...)          y (N, g C, ...), channel i g + j from channel j C + i

Source: torch.nn.functional.pixel_shuffle, pixel_unshuffle, channel_shuffle; ONNX DepthToSpace in mode CRD; Shi et al.
2016, "Real-time single image and video super-resolution"; Zhang et al. 2018, "ShuffleNet".
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array
from netweight.ops.extent import Extent, Slides, Spreads, same_position
from netweight.ops.move.define import define_move
from netweight.ops.table import copied


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelShuffleAttrs:
    """Attributes of a pixel shuffle.

    Attributes:
        upscale_factor: Rows and columns that one becomes.
        blocks_first: The channels are numbered (i, j, c) instead of (c, i, j).
    """

    upscale_factor: int
    blocks_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelUnshuffleAttrs:
    """Attributes of the way back from a pixel shuffle.

    Attributes:
        downscale_factor: Rows and columns that become one.
        blocks_first: The channels are numbered (i, j, c) instead of (c, i, j).
    """

    downscale_factor: int
    blocks_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelShuffleAttrs:
    """Attributes of a channel shuffle.

    Attributes:
        groups: Groups of channels that are dealt out in turn.
    """

    groups: int


def pixel_shuffle_shape(attrs: PixelShuffleAttrs, x: TensorSpec) -> TensorSpec:
    """r² channels fewer, r times the rows and columns."""
    r = attrs.upscale_factor
    if r < 1 or len(x.shape) < 3 or x.shape[-3] % (r * r):
        raise ShapeError(f"pixel_shuffle: expected x (..., C * {r}², H, W), got {x.shape}")
    *lead, c, h, w = x.shape
    return TensorSpec((*lead, c // (r * r), h * r, w * r), x.dtype)


def pixel_shuffle_forward(attrs: PixelShuffleAttrs, x: Array) -> Array:
    """y[c, h r + i, w r + j] = x[c r² + i r + j, h, w]; blocks first: x[(i r + j) C + c, h, w]."""
    return _to_pixels(x, attrs.upscale_factor, attrs.blocks_first)


def pixel_shuffle_backward(attrs: PixelShuffleAttrs, grad_y: Array, _x: Array) -> tuple[Array]:
    """Every gradient back where its element came from."""
    return (_to_channels(grad_y, attrs.upscale_factor, attrs.blocks_first),)


def pixel_shuffle_extent(attrs: PixelShuffleAttrs, _x: TensorSpec) -> Extent:
    """One position, which becomes r × r."""
    return Spreads((1, 1), (Fraction(attrs.upscale_factor),) * 2)


def pixel_unshuffle_shape(attrs: PixelUnshuffleAttrs, x: TensorSpec) -> TensorSpec:
    """r² times the channels, rows and columns over r."""
    r = attrs.downscale_factor
    if r < 1 or len(x.shape) < 3 or x.shape[-2] % r or x.shape[-1] % r:
        raise ShapeError(f"pixel_unshuffle: expected x (..., C, H * {r}, W * {r}), got {x.shape}")
    *lead, c, h, w = x.shape
    return TensorSpec((*lead, c * r * r, h // r, w // r), x.dtype)


def pixel_unshuffle_forward(attrs: PixelUnshuffleAttrs, x: Array) -> Array:
    """y[c r² + i r + j, h, w] = x[c, h r + i, w r + j]; blocks first: y[(i r + j) C + c, h, w]."""
    return _to_channels(x, attrs.downscale_factor, attrs.blocks_first)


def pixel_unshuffle_backward(attrs: PixelUnshuffleAttrs, grad_y: Array, _x: Array) -> tuple[Array]:
    """Every gradient back where its element came from."""
    return (_to_pixels(grad_y, attrs.downscale_factor, attrs.blocks_first),)


def pixel_unshuffle_extent(attrs: PixelUnshuffleAttrs, _x: TensorSpec) -> Extent:
    """The r × r positions that became one."""
    window = (attrs.downscale_factor,) * 2
    return Slides(window, window, (1, 1))


def channel_shuffle_shape(attrs: ChannelShuffleAttrs, x: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    if attrs.groups < 1 or len(x.shape) < 2 or x.shape[1] % attrs.groups:
        raise ShapeError(f"channel_shuffle: expected x (N, {attrs.groups} * C, ...), got {x.shape}")
    return x


def channel_shuffle_forward(attrs: ChannelShuffleAttrs, x: Array) -> Array:
    """The first channel of every group, then the second of every group, and so on."""
    return _dealt(x, attrs.groups)


def channel_shuffle_backward(attrs: ChannelShuffleAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """Dealt out again, with as many groups as one had channels, everything is back in place."""
    return (_dealt(grad_y, x.shape[1] // attrs.groups),)


def _to_pixels(x: Array, r: int, blocks_first: bool) -> Array:  # noqa: FBT001
    *lead, c, h, w = x.shape
    n = len(lead)
    if blocks_first:
        split = x.reshape(*lead, r, r, c // (r * r), h, w)  # i j c h w -> c h i w j
        order = (*range(n), n + 2, n + 3, n, n + 4, n + 1)
    else:
        split = x.reshape(*lead, c // (r * r), r, r, h, w)  # c i j h w -> c h i w j
        order = (*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return split.transpose(order).copy().reshape(*lead, c // (r * r), h * r, w * r)


def _to_channels(y: Array, r: int, blocks_first: bool) -> Array:  # noqa: FBT001
    *lead, c, h, w = y.shape
    n = len(lead)
    split = y.reshape(*lead, c, h // r, r, w // r, r)  # c h i w j -> i j c h w, or c i j h w
    moved = (n + 2, n + 4, n, n + 1, n + 3) if blocks_first else (n, n + 2, n + 4, n + 1, n + 3)
    return split.transpose(*range(n), *moved).copy().reshape(*lead, c * r * r, h // r, w // r)


def _dealt(x: Array, groups: int) -> Array:
    if not x.size:
        return x.copy()
    split = x.reshape(x.shape[0], groups, x.shape[1] // groups, *x.shape[2:])
    return split.swapaxes(1, 2).copy().reshape(x.shape)


PIXEL_SHUFFLE = define_move(
    name="pixel_shuffle",
    attrs=PixelShuffleAttrs,
    shape=pixel_shuffle_shape,
    forward=pixel_shuffle_forward,
    backward=pixel_shuffle_backward,
    backward_cost=copied,
    extent=pixel_shuffle_extent,
)

PIXEL_UNSHUFFLE = define_move(
    name="pixel_unshuffle",
    attrs=PixelUnshuffleAttrs,
    shape=pixel_unshuffle_shape,
    forward=pixel_unshuffle_forward,
    backward=pixel_unshuffle_backward,
    backward_cost=copied,
    extent=pixel_unshuffle_extent,
)

CHANNEL_SHUFFLE = define_move(
    name="channel_shuffle",
    attrs=ChannelShuffleAttrs,
    shape=channel_shuffle_shape,
    forward=channel_shuffle_forward,
    backward=channel_shuffle_backward,
    backward_cost=copied,
    extent=same_position,
)
