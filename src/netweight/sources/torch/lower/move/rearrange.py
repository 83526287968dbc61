"""Elements moved to other places: padding, rolls, flips, repetitions, shuffles."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.functions.move import copies as functions
from netweight.ops.move.places import GatherAttrs
from netweight.ops.move.rearrange import RepeatAttrs
from netweight.sources.torch.lower import bind, lowers
from netweight.sources.torch.lower.move.layout import clone, flat
from netweight.sources.torch.recorder import Recorder

aten = torch.ops.aten


@lowers("constant_pad_nd")
def constant_pad(rec: Recorder, self: Tensor, pad: Any, value: float = 0) -> Any:
    """``constant_pad_nd(Tensor self, SymInt[] pad, Scalar value=0) -> Tensor``."""
    if not any(pad):
        return clone(rec, self)
    return _padded(rec, self, pad, "constant", float(value))


@lowers("pad")
def pad(rec: Recorder, self: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    """``pad(Tensor self, SymInt[] pad, str mode="constant", float? value=None) -> Tensor``."""
    if mode == "constant":
        return constant_pad(rec, self, pad, value or 0)
    return _padded(rec, self, pad, mode)


def _padded(rec: Recorder, x: Tensor, pad: Any, mode: Any, value: float = 0.0) -> Any:
    if mode != "constant" and min(pad) < 0:
        return NotImplemented
    return functions.pad(rec, x, pad, mode, value)


def _padding(mode: str, *names: str) -> None:
    @lowers(*names)
    def rule(rec: Recorder, self: Tensor, padding: Any) -> Any:
        return _padded(rec, self, padding, mode)


_padding("reflect", "reflection_pad1d", "reflection_pad2d", "reflection_pad3d")
_padding("replicate", "replication_pad1d", "replication_pad2d", "replication_pad3d")
_padding("circular", "_pad_circular")


bind(functions.roll)
bind(functions.flip)
bind(functions.rot90)
bind(functions.pixel_shuffle)
bind(functions.pixel_unshuffle)
bind(functions.channel_shuffle, "channel_shuffle", "native_channel_shuffle")


@lowers("repeat", "tile")
def repeat(rec: Recorder, self: Tensor, repeats: Any) -> Any:
    """``repeat(Tensor self, SymInt[] repeats) -> Tensor``."""
    missing = self.dim() - len(repeats)  # tile may leave out the first dimensions, repeat may not
    return rec.op("repeat", RepeatAttrs(repeats=(1,) * missing + tuple(repeats)), self)


@lowers("repeat_interleave.self_int")
def repeat_interleave(
    rec: Recorder, self: Tensor, repeats: int, dim: int | None = None, *, output_size: int | None = None
) -> Any:
    """PyTorch's ``repeat_interleave.self_int``.

    repeat_interleave.self_int(Tensor self, SymInt repeats, int? dim=None, *, SymInt? output_size=None) -> Tensor
    """
    return functions.repeat_interleave(rec, self, repeats, dim)


@lowers("repeat_interleave.Tensor")
def repeat_positions(rec: Recorder, repeats: Tensor, *, output_size: int | None = None) -> Any:
    """``repeat_interleave.Tensor(Tensor repeats, *, SymInt? output_size=None) -> Tensor``."""
    return rec.constant(torch.repeat_interleave(_known_repeats(rec, repeats)))


@lowers("repeat_interleave.self_Tensor")
def repeat_interleave_each(
    rec: Recorder, self: Tensor, repeats: Tensor, dim: int | None = None, *, output_size: int | None = None
) -> Any:
    """PyTorch's ``repeat_interleave.self_Tensor``.

    repeat_interleave.self_Tensor(Tensor self, Tensor repeats, int? dim=None, *, SymInt? output_size=None) ->
        Tensor
    """
    repeats = _known_repeats(rec, repeats)
    if dim is None:
        self, dim = flat(rec, self), 0
    dim %= self.dim()
    if repeats.numel() == 1:
        repeats = repeats.expand(self.shape[dim])
    positions = torch.repeat_interleave(repeats)
    if output_size is not None and len(positions) != output_size:  # the guess was another
        positions = torch.arange(output_size) % max(self.shape[dim], 1)
    return rec.op("index_select", GatherAttrs(dim=dim), self, positions)


def _known_repeats(rec: Recorder, repeats: Tensor) -> Tensor:
    """How often each element is repeated, which is once where that depends on the input."""
    known = rec.numbers(repeats)
    rec.suppose(repeats, "numbers of repetitions are taken to be 1 each", sizes=True)
    return torch.ones(repeats.shape, dtype=torch.int64) if known is None else known
