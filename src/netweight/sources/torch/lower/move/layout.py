"""Views and copies: PyTorch's own view kernels say what shares memory, the table says what is where."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor

from netweight.ops.move.layout import ExpandAttrs, PermuteAttrs, ReshapeAttrs
from netweight.ops.move.slicing import ConcatAttrs, SliceAttrs, SplitAttrs
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.common import cast
from netweight.sources.torch.memory import Link
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.strides import channels_last

aten = torch.ops.aten


def _reshape_link(shape: Any) -> Link:
    return "reshape", ReshapeAttrs(shape=tuple(shape))


def _permute_link(order: Any) -> Link:
    return "permute", PermuteAttrs(order=tuple(order))


def _reshaping(*names: str) -> None:
    """Operators that keep the elements in order under another shape."""
    for name in names:
        packet = getattr(aten, name)

        @lowers(name)
        def rule(rec: Recorder, self: Tensor, *args: Any, packet: Any = packet, **kwargs: Any) -> Any:
            result = rec.native(packet, self, *args, **kwargs)
            return rec.view(result, self, _reshape_link(result.shape))


_reshaping(
    "view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "_unsafe_view", "view_as", "reshape_as",
    "_reshape_alias",
)  # fmt: skip


def unsqueeze(rec: Recorder, x: Tensor, dim: int) -> Tensor:
    """A new dimension of size 1, recorded."""
    result: Tensor = rec.native(aten.unsqueeze, x, dim)
    return rec.view(result, x, _reshape_link(result.shape))


def squeeze(rec: Recorder, x: Tensor, dim: int) -> Tensor:
    """A dimension of size 1 less, recorded."""
    result: Tensor = rec.native(aten.squeeze, x, dim)
    return rec.view(result, x, _reshape_link(result.shape))


def reshaped(rec: Recorder, x: Tensor, shape: Sequence[int]) -> Tensor:
    """The elements in order under another shape, recorded."""
    result: Tensor = rec.native(aten.reshape, x, list(shape))
    return rec.view(result, x, _reshape_link(result.shape))


def transposed(rec: Recorder, x: Tensor) -> Tensor:
    """The last two dimensions exchanged, recorded."""
    result: Tensor = rec.native(aten.transpose, x, -2, -1)
    order = (*range(x.dim() - 2), x.dim() - 1, x.dim() - 2)
    return rec.view(result, x, _permute_link(order))


def flat(rec: Recorder, x: Tensor) -> Tensor:
    """All elements along one dimension, recorded."""
    return reshaped(rec, x, [-1])


def _permuting(*names: str) -> None:
    """Operators that put dimensions in another order: PyTorch says which, on a tensor of distinct sizes."""
    for name in names:
        packet = getattr(aten, name)

        @lowers(name)
        def rule(rec: Recorder, self: Tensor, *args: Any, packet: Any = packet, **kwargs: Any) -> Any:
            result = rec.native(packet, self, *args, **kwargs)
            if self.dim() < 2:
                return rec.view(result, self, _reshape_link(result.shape))
            if packet is aten.transpose and all(isinstance(dim, int) for dim in args) and len(args) == 2:
                order = list(range(self.dim()))
                order[args[0]], order[args[1]] = order[args[1]], order[args[0]]
                return rec.view(result, self, _permute_link(order))
            if packet is aten.permute and not kwargs:
                return rec.view(result, self, _permute_link([dim % self.dim() for dim in args[0]]))
            probe = torch.empty([dim + 2 for dim in range(self.dim())], device="meta")
            with torch._C._DisableTorchDispatch():
                moved = packet(probe, *args, **kwargs).shape
            return rec.view(result, self, _permute_link(size - 2 for size in moved))


_permuting("permute", "transpose", "t", "numpy_T", "swapaxes", "swapdims", "movedim", "mT")


@lowers("expand", "expand_as", "broadcast_to")
def expand(rec: Recorder, self: Tensor, size: Any, *, implicit: bool = False) -> Any:
    """``expand(Tensor(a) self, SymInt[] size, *, bool implicit=False) -> Tensor(a)``."""
    shape = size.shape if isinstance(size, Tensor) else size
    result = rec.native(aten.expand, self, list(shape))
    links = [_reshape_link((1,) * (result.dim() - self.dim()) + tuple(self.shape))] if result.dim() > self.dim() else []
    return rec.view(result, self, *links, ("expand", ExpandAttrs(shape=tuple(result.shape))))


@lowers("slice.Tensor")
def slice_(
    rec: Recorder, self: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Any:
    """``slice.Tensor(Tensor(a) self, int dim=0, SymInt? start=None, SymInt? end=None, SymInt step=1) -> Tensor(a)``."""
    result = rec.native(aten.slice, self, dim, start, end, step)
    return rec.view(result, self, *_slice_links(self, dim, start, end, step))


def _slice_links(x: Tensor, dim: int, start: int | None, end: int | None, step: int) -> list[Link]:
    dim %= x.dim()
    first, last, stride = slice(start, end, step).indices(x.shape[dim])
    if (first, last, stride) == (0, x.shape[dim], 1):
        return []
    return [("slice", SliceAttrs(dim=dim, start=first, stop=max(last, first), step=stride))]


@lowers("narrow")
def narrow(rec: Recorder, self: Tensor, dim: int, start: Any, length: int) -> Any:
    """``narrow(Tensor(a) self, int dim, SymInt start, SymInt length) -> Tensor(a)``."""
    if isinstance(start, Tensor):
        if start.device.type == "meta":
            rec.guess("a position taken from a tensor is taken to be 0")
        start = 0 if start.device.type == "meta" else int(start)
    start %= max(self.shape[dim], 1)
    return slice_(rec, self, dim, start, start + length)


@lowers("select.int")
def select(rec: Recorder, self: Tensor, dim: int, index: int) -> Any:
    """``select.int(Tensor(a) self, int dim, SymInt index) -> Tensor(a)``."""
    result = rec.native(aten.select, self, dim, index)
    at = index % self.shape[dim]
    cut: Link = "slice", SliceAttrs(dim=dim % self.dim(), start=at, stop=at + 1, step=1)
    return rec.view(result, self, cut, _reshape_link(result.shape))


@lowers("unbind")
def unbind(rec: Recorder, self: Tensor, dim: int = 0) -> Any:
    """``unbind.int(Tensor(a -> *) self, int dim=0) -> Tensor(a)[]``."""
    return tuple(select(rec, self, dim, index) for index in range(self.shape[dim]))


def _splitting(*names: str) -> None:
    """Operators that cut one dimension into parts, all of them views."""
    for name in names:
        packet = getattr(aten, name)

        @lowers(name)
        def rule(rec: Recorder, self: Tensor, sizes: Any, dim: int = 0, packet: Any = packet) -> Any:
            if isinstance(sizes, Tensor):
                if sizes.device.type == "meta":
                    return NotImplemented
                sizes = sizes.tolist()
                packet = aten.tensor_split.indices if isinstance(sizes, list) else aten.tensor_split.sections
            parts = rec.native(packet, self, sizes, dim)
            dim %= self.dim()
            lengths = tuple(part.shape[dim] for part in parts)
            ends = accumulate(lengths)
            links: list[Link] = [
                ("slice", SliceAttrs(dim=dim, start=end - length, stop=end, step=1))
                for end, length in zip(ends, lengths, strict=True)
            ]
            if len(parts) > 1 and all(lengths):
                rec.recording.record_parts(
                    "split", SplitAttrs(sizes=lengths, dim=dim), self, list(zip(parts, links, strict=True))
                )
                return parts
            return [rec.view(part, self, link) for part, link in zip(parts, links, strict=True)]


_splitting(
    "split", "split_with_sizes", "chunk", "tensor_split", "unsafe_split", "unsafe_chunk", "unsafe_split_with_sizes"
)


@lowers("cat", "concat", "concatenate")
def cat(rec: Recorder, tensors: Any, dim: int = 0) -> Any:
    """``cat(Tensor[] tensors, int dim=0) -> Tensor``."""
    parts = [part for part in tensors if tuple(part.shape) != (0,)]
    orders = {channels_last(part) for part in parts}
    order = orders.pop() if len(orders) == 1 else None
    return rec.op("concat", ConcatAttrs(dim=dim % parts[0].dim()), *parts, order=order)


@lowers("stack")
def stack(rec: Recorder, tensors: Any, dim: int = 0) -> Any:
    """``stack(Tensor[] tensors, int dim=0) -> Tensor``."""
    at = dim % (tensors[0].dim() + 1)
    return rec.op("concat", ConcatAttrs(dim=at), *(unsqueeze(rec, part, at) for part in tensors))


@lowers("contiguous")
def contiguous(rec: Recorder, self: Tensor, *, memory_format: Any = torch.contiguous_format) -> Any:
    """``contiguous(Tensor(a) self, *, MemoryFormat memory_format=0) -> Tensor(a)``."""
    if self.is_contiguous(memory_format=memory_format):
        return self
    return clone(rec, self, memory_format=memory_format)


@lowers("clone")
def clone(rec: Recorder, self: Tensor, *, memory_format: Any = None) -> Any:
    """``clone(Tensor self, *, MemoryFormat? memory_format=None) -> Tensor``."""
    result = rec.native(aten.clone, self, memory_format=memory_format)
    rec.recording.record("copy", None, (self,), (result,))
    return result


@lowers("alias", "lift_fresh")
def same(rec: Recorder, self: Tensor) -> Any:
    """``alias(Tensor(a) self) -> Tensor(a)``."""
    result = rec.native(aten.alias, self)
    return rec.view(result, self)


@lowers("detach")
def detach(rec: Recorder, self: Tensor) -> Any:
    """``detach(Tensor(a) self) -> Tensor(a)``; recorded where there can be a gradient to stop."""
    result = rec.native(aten.alias, self)
    recording = rec.recording
    links = [("detach", None)] if recording.history.can_ask(recording, recording.value_of(self)) else []
    return rec.view(result, self, *links)


def unbatched(rec: Recorder, x: Tensor, function: Any) -> Any:
    """An input without a batch dimension: one is put before it and taken away again."""
    return squeeze(rec, function(unsqueeze(rec, x, 0)), 0)


@lowers("copy")
def copy(rec: Recorder, self: Tensor, src: Tensor, non_blocking: bool = False) -> Any:
    """``copy(Tensor self, Tensor src, bool non_blocking=False) -> Tensor``."""
    value = cast(rec, src, self.dtype)
    if value.shape != self.shape:
        value = expand(rec, value, self.shape)
    result = torch.empty(self.shape, dtype=self.dtype, device="meta")
    rec.recording.record("copy", None, (value,), (result,))
    return result
