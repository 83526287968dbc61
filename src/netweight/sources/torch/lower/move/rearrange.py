"""Elements moved to other places: padding, rolls, flips, repetitions, shuffles, windows side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from netweight.functions.recorder import per_dim
from netweight.ops.arrays.padding import PaddingMode
from netweight.ops.move.copies import RepeatInterleaveAttrs
from netweight.ops.move.gather import GatherAttrs
from netweight.ops.move.rearrange import FlipAttrs, PadAttrs, RepeatAttrs, RollAttrs
from netweight.ops.move.shuffle import ChannelShuffleAttrs, PixelShuffleAttrs, PixelUnshuffleAttrs
from netweight.ops.window.unfold import FoldAttrs, UnfoldAttrs, WindowViewAttrs
from netweight.sources.torch.lower import RULES, lowers
from netweight.sources.torch.lower.move.layout import clone, flat, reshaped, unbatched
from netweight.sources.torch.strides import channels_last

if TYPE_CHECKING:
    from netweight.sources.torch.recorder import Recorder

aten = torch.ops.aten

_MODES: dict[str, PaddingMode] = {"reflect": "reflect", "replicate": "replicate", "circular": "circular"}


@lowers("constant_pad_nd")
def constant_pad(rec: Recorder, self: Tensor, pad: Any, value: float = 0) -> Any:
    if not any(pad):
        return clone(rec, self)
    return _padded(rec, self, pad, "zeros", float(value))


@lowers("pad")
def pad(rec: Recorder, self: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    if mode == "constant":
        return constant_pad(rec, self, pad, value or 0)
    return _padded(rec, self, pad, _MODES[mode])


def _padded(rec: Recorder, x: Tensor, pad: Any, mode: PaddingMode, value: float = 0.0) -> Any:
    if mode != "zeros" and min(pad) < 0:
        return NotImplemented
    last_first = list(zip(pad[::2], pad[1::2], strict=True))
    amounts = ((0, 0),) * (x.dim() - len(last_first)) + tuple(reversed(last_first))
    order = None if mode == "circular" else channels_last(x)
    return rec.op("pad", PadAttrs(padding=amounts, mode=mode, value=value), x, order=order)


def _padding(mode: PaddingMode, *names: str) -> None:
    @lowers(*names)
    def rule(rec: Recorder, self: Tensor, padding: Any) -> Any:
        return _padded(rec, self, padding, mode)


_padding("reflect", "reflection_pad1d", "reflection_pad2d", "reflection_pad3d")
_padding("replicate", "replication_pad1d", "replication_pad2d", "replication_pad3d")
_padding("circular", "_pad_circular")


@lowers("roll")
def roll(rec: Recorder, self: Tensor, shifts: Any, dims: Any = ()) -> Any:
    moves = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    along = (dims,) if isinstance(dims, int) else tuple(dims)
    if not along:
        return reshaped(rec, roll(rec, flat(rec, self), moves, (0,)), self.shape)
    attrs = RollAttrs(shifts=moves, dims=tuple(dim % self.dim() for dim in along))
    return rec.op("roll", attrs, self, order=channels_last(self))


@lowers("flip")
def flip(rec: Recorder, self: Tensor, dims: Any) -> Any:
    return rec.op("flip", FlipAttrs(dims=tuple(dim % self.dim() for dim in dims)), self, like=self)


@lowers("repeat", "tile")
def repeat(rec: Recorder, self: Tensor, repeats: Any) -> Any:
    missing = self.dim() - len(repeats)  # tile may leave out the first dimensions, repeat may not
    return rec.op("repeat", RepeatAttrs(repeats=(1,) * missing + tuple(repeats)), self)


@lowers("repeat_interleave.self_int")
def repeat_interleave(
    rec: Recorder, self: Tensor, repeats: int, dim: int | None = None, *, output_size: int | None = None
) -> Any:
    if dim is None:
        self, dim = flat(rec, self), 0
    return rec.op("repeat_interleave", RepeatInterleaveAttrs(repeats=repeats, dim=dim % self.dim()), self)


@lowers("repeat_interleave.self_Tensor")
def repeat_interleave_each(
    rec: Recorder, self: Tensor, repeats: Tensor, dim: int | None = None, *, output_size: int | None = None
) -> Any:
    if repeats.device.type == "meta":
        return NotImplemented
    if dim is None:
        self, dim = flat(rec, self), 0
    dim %= self.dim()
    if repeats.numel() == 1:
        repeats = repeats.expand(self.shape[dim])
    positions = torch.repeat_interleave(repeats)
    return rec.op("index_select", GatherAttrs(dim=dim), self, positions)


@lowers("pixel_shuffle")
def pixel_shuffle(rec: Recorder, self: Tensor, upscale_factor: int) -> Any:
    attrs = PixelShuffleAttrs(upscale_factor=upscale_factor)
    return rec.op("pixel_shuffle", attrs, self, order=channels_last(self))


@lowers("pixel_unshuffle")
def pixel_unshuffle(rec: Recorder, self: Tensor, downscale_factor: int) -> Any:
    attrs = PixelUnshuffleAttrs(downscale_factor=downscale_factor)
    return rec.op("pixel_unshuffle", attrs, self, order=channels_last(self))


@lowers("channel_shuffle", "native_channel_shuffle")
def channel_shuffle(rec: Recorder, self: Tensor, groups: int) -> Any:
    return rec.op("channel_shuffle", ChannelShuffleAttrs(groups=groups), self, order=channels_last(self))


@lowers("unfold")
def windows(rec: Recorder, self: Tensor, dimension: int, size: int, step: int) -> Any:
    if self.dim() == 0:
        return NotImplemented
    result = rec.native(aten.unfold, self, dimension, size, step)
    return rec.view(result, self, ("window_view", WindowViewAttrs(dim=dimension % self.dim(), size=size, step=step)))


def _sliding(kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> dict[str, Any]:
    return {
        "kernel_size": per_dim(kernel_size, 2),
        "dilation": per_dim(dilation, 2),
        "padding": tuple((p, p) for p in per_dim(padding, 2)),
        "stride": per_dim(stride, 2),
    }


@lowers("im2col")
def im2col(rec: Recorder, self: Tensor, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> Any:
    if self.dim() == 3:
        return unbatched(rec, self, lambda x: im2col(rec, x, kernel_size, dilation, padding, stride))
    y = rec.op("unfold", UnfoldAttrs(**_sliding(kernel_size, dilation, padding, stride)), self)
    return reshaped(rec, y, (*y.shape[:2], -1))


@lowers("col2im")
def col2im(
    rec: Recorder, self: Tensor, output_size: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any
) -> Any:
    if self.dim() == 2:
        again = (output_size, kernel_size, dilation, padding, stride)
        return unbatched(rec, self, lambda x: col2im(rec, x, *again))
    attrs = FoldAttrs(output_size=per_dim(output_size, 2), **_sliding(kernel_size, dilation, padding, stride))
    counts = [
        (size + 2 * before - spread * (kernel - 1) - 1) // step + 1
        for size, (before, _), spread, kernel, step in zip(
            attrs.output_size, attrs.padding, attrs.dilation, attrs.kernel_size, attrs.stride, strict=True
        )
    ]
    return rec.op("fold", attrs, reshaped(rec, self, (*self.shape[:2], *counts)))


@lowers("rot90")
def rot90(rec: Recorder, self: Tensor, k: int = 1, dims: Any = (0, 1)) -> Any:
    first, second = dims
    match k % 4:
        case 1:
            return RULES["transpose"](rec, flip(rec, self, (second,)), first, second)
        case 2:
            return flip(rec, self, dims)
        case 3:
            return RULES["transpose"](rec, flip(rec, self, (first,)), first, second)
        case _:
            return clone(rec, self)
