"""Elements picked by their order: sorting, the first few, the largest, the distinct ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from netweight.ops.order.sort import PickAttrs, SortAttrs, TopkAttrs
from netweight.ops.order.unique import RunsAttrs, UniqueAttrs
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
    return rec.op("sort", SortAttrs(dim=dim % self.dim(), descending=descending), self)


@lowers("sort.stable")
def sort_stable(rec: Recorder, self: Tensor, *, stable: bool | None, dim: int = -1, descending: bool = False) -> Any:
    return sort(rec, self, dim, descending)


@lowers("argsort.default")
def argsort(rec: Recorder, self: Tensor, dim: int = -1, descending: bool = False) -> Any:
    if self.dim() == 0:
        return NotImplemented
    return rec.op("argsort", SortAttrs(dim=dim % self.dim(), descending=descending), self)


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
    return _distinct(rec, "unique", self, None, inverse=return_inverse, counts=return_counts)


@lowers("unique_dim")
def unique_dim(
    rec: Recorder, self: Tensor, dim: int, sorted: bool = True, return_inverse: bool = False,
    return_counts: bool = False,
) -> Any:  # fmt: skip
    return _distinct(rec, "unique", self, dim, inverse=return_inverse, counts=return_counts)


@lowers("unique_consecutive")
def unique_consecutive(
    rec: Recorder, self: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    return _distinct(rec, "unique_consecutive", self, dim, inverse=return_inverse, counts=return_counts)


def _distinct(rec: Recorder, op: str, x: Tensor, dim: int | None, *, inverse: bool, counts: bool) -> Any:
    """PyTorch returns three tensors in any case: what was not asked for is no value of the graph.

    A loop over the distinct elements has one round, in which a mask of those equal to it picks all.
    """
    rec.guess(f"{op}: all elements are taken to be equal")
    if dim is not None:
        dim %= x.dim()
    also = tuple(name for name, asked in (("inverse", inverse), ("counts", counts)) if asked)
    count = min(x.numel() if dim is None else x.shape[dim], 1)
    make = UniqueAttrs if op == "unique" else RunsAttrs
    made = rec.op(op, make(count=count, dim=dim, also=also), x)
    values, *beside = made if also else (made,)
    found = dict(zip(also, beside, strict=True))
    empty = torch.empty(0, dtype=torch.int64, device="meta")
    return values, found.get("inverse", empty), found.get("counts", empty)
