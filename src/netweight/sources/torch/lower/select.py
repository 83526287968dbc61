"""Elements picked by their order: sorting, the first few, the largest, the distinct ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from netweight.ops.sort import PickAttrs, SortAttrs, TopkAttrs
from netweight.sources.torch.lower import lowers

if TYPE_CHECKING:
    from netweight.sources.torch.recorder import Recorder


@lowers("topk")
def topk(rec: Recorder, self: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    if self.dim() == 0:
        return NotImplemented
    return rec.op("topk", TopkAttrs(k=k, dim=dim % self.dim(), largest=largest), self)


@lowers("sort.default")
def sort(rec: Recorder, self: Tensor, dim: int = -1, descending: bool = False) -> Any:
    if self.dim() == 0:
        return NotImplemented
    return rec.op("sort", SortAttrs(dim=dim % self.dim(), descending=descending), self, like=self)


@lowers("sort.stable")
def sort_stable(rec: Recorder, self: Tensor, *, stable: bool | None, dim: int = -1, descending: bool = False) -> Any:
    return sort(rec, self, dim, descending)


@lowers("argsort.default")
def argsort(rec: Recorder, self: Tensor, dim: int = -1, descending: bool = False) -> Any:
    if self.dim() == 0:
        return NotImplemented
    return rec.op("argsort", SortAttrs(dim=dim % self.dim(), descending=descending), self, like=self)


@lowers("argsort.stable")
def argsort_stable(rec: Recorder, self: Tensor, *, stable: bool, dim: int = -1, descending: bool = False) -> Any:
    return argsort(rec, self, dim, descending)


def _picking(name: str) -> None:
    @lowers(f"{name}.dim")
    def rule(rec: Recorder, self: Tensor, dim: int, keepdim: bool = False) -> Any:
        if self.dim() == 0:
            return NotImplemented
        return rec.op(name, PickAttrs(dim=dim % self.dim(), keepdim=keepdim), self)


_picking("max")
_picking("min")


@lowers("_unique2")
def unique(
    rec: Recorder, self: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False
) -> Any:
    """Not in the table, as the size depends on the numbers; listed as unknown.

    A loop over the distinct elements then has one round, in which a mask of those equal to it picks all.
    """
    rec.guess("unique: all elements are taken to be equal")
    count = min(self.numel(), 1)
    made = (
        torch.empty(count, dtype=self.dtype, device="meta"),
        torch.empty(self.shape if return_inverse or return_counts else 0, dtype=torch.int64, device="meta"),
        torch.empty(count if return_counts else 0, dtype=torch.int64, device="meta"),
    )
    rec.tape.record("aten._unique2", None, (self,), made)
    return made
