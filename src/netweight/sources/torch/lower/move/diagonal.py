"""Diagonals and views by strides, traces and blocks along a diagonal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from netweight.functions.move import copies as functions
from netweight.ops.move.diagonals import StridedViewAttrs
from netweight.ops.move.layout import PermuteAttrs
from netweight.ops.move.rearrange import PadAttrs
from netweight.ops.move.slicing import ConcatAttrs
from netweight.ops.move.triangle import DiagonalAttrs
from netweight.ops.reduce.reduction import ReduceAttrs
from netweight.sources.torch.lower import RULES, bind, lowers
from netweight.sources.torch.lower.common import cast
from netweight.sources.torch.lower.move.layout import clone, reshaped
from netweight.sources.torch.memory import Link
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.strides import memory_order

aten = torch.ops.aten


def _diagonal(rank: int, offset: int, dim1: int, dim2: int) -> DiagonalAttrs:
    return DiagonalAttrs(offset=offset, dim1=dim1 % rank, dim2=dim2 % rank)


@lowers("diagonal", "linalg_diagonal")
def diagonal(rec: Recorder, self: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """``diagonal(Tensor(a) self, int offset=0, int dim1=0, int dim2=1) -> Tensor(a)``."""
    result = rec.native(aten.diagonal, self, offset, dim1, dim2)
    return rec.view(result, self, ("diagonal", _diagonal(self.dim(), offset, dim1, dim2)))


bind(functions.diagonal_scatter)
bind(functions.diag_embed)


@lowers("trace")
def trace(rec: Recorder, self: Tensor) -> Any:
    """``trace(Tensor self) -> Tensor``."""
    line = diagonal(rec, self)
    if not (line.dtype.is_floating_point or line.dtype.is_complex):
        line = cast(rec, line, torch.int64)
    return rec.op("sum", ReduceAttrs(dims=(0,)), line)


@lowers("block_diag")
def block_diag(rec: Recorder, tensors: Sequence[Tensor]) -> Any:
    """Each block between zeros, one below the other."""
    dtype = tensors[0].dtype
    for tensor in tensors:
        dtype = torch.promote_types(dtype, tensor.dtype)
    blocks = [cast(rec, reshaped(rec, t, (1,) * (2 - t.dim()) + tuple(t.shape)), dtype) for t in tensors]
    width = sum(block.shape[1] for block in blocks)
    rows, left = [], 0
    for block in blocks:
        amounts = ((0, 0), (left, width - left - block.shape[1]))
        rows.append(rec.op("pad", PadAttrs(padding=amounts, mode="zeros", value=0.0), block))
        left += block.shape[1]
    return rec.op("concat", ConcatAttrs(dim=0), *rows)


@lowers("as_strided")
def as_strided(rec: Recorder, self: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Any:
    """A view by strides of a tensor that fills its memory without gaps; of others there is no rule."""
    start = self.storage_offset()
    first = (start if storage_offset is None else storage_offset) - start
    order = memory_order(self)
    links: list[Link] = []
    if not self.is_contiguous():
        if not self.permute(order).is_contiguous():
            return NotImplemented
        links.append(("permute", PermuteAttrs(order=order)))
    reach = sum((length - 1) * step for length, step in zip(size, stride, strict=True)) if 0 not in size else 0
    if first < 0 or first + reach >= self.numel():
        return NotImplemented  # it looks beyond the tensor
    result = rec.native(aten.as_strided, self, size, stride, storage_offset)
    attrs = StridedViewAttrs(size=tuple(size), stride=tuple(stride), offset=first)
    return rec.view(result, self, *links, ("strided_view", attrs))


def _copying(name: str) -> None:
    """``view_copy`` and its like: the view, and a copy of it."""

    @lowers(name)
    def rule(rec: Recorder, self: Tensor, *args: Any, **kwargs: Any) -> Any:
        stem = name.removesuffix("_copy")
        view = RULES.get(stem) or RULES.get(f"{stem}.{_OVERLOADS.get(stem, 'default')}")
        if view is None or any(isinstance(value, torch.dtype) for value in args):
            return NotImplemented
        made = view(rec, self, *args, **kwargs)
        if made is NotImplemented:
            return made
        contiguous = {"memory_format": torch.contiguous_format}
        if isinstance(made, list | tuple):
            return tuple(clone(rec, part, **contiguous) for part in made)
        return clone(rec, made, **contiguous)


_OVERLOADS = {"slice": "Tensor", "select": "int"}
for _name in (
    "alias", "as_strided", "detach", "diagonal", "expand", "narrow", "permute", "select", "slice", "split",
    "split_with_sizes", "squeeze", "t", "transpose", "unbind", "unfold", "unsqueeze", "view", "view_as_complex",
    "view_as_real",
):  # fmt: skip
    _copying(f"{_name}_copy")
