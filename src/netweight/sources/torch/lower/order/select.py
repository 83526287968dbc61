"""Elements picked by their order: sorting, the first few, the largest, the distinct ones."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.functions import order as functions
from netweight.sources.torch.lower import Rule, bind, lowers
from netweight.sources.torch.recorder import Recorder


def of_rows(function: Rule) -> Rule:
    """A rule that leaves single elements, which have no dimension, to PyTorch."""
    return lambda rec, self, *args, **kwargs: function(rec, self, *args, **kwargs) if self.dim() else NotImplemented


@lowers("topk")
def topk(rec: Recorder, self: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """PyTorch's ``topk``.

    topk(Tensor self, SymInt k, int dim=-1, bool largest=True, bool sorted=True) -> (Tensor values, Tensor
        indices)
    """
    return functions.topk(rec, self, k, dim, largest=largest) if self.dim() else NotImplemented


@lowers("sort.stable")
def sort_stable(rec: Recorder, self: Tensor, *, stable: bool | None, dim: int = -1, descending: bool = False) -> Any:
    """PyTorch's ``sort.stable``.

    sort.stable(Tensor self, *, bool? stable, int dim=-1, bool descending=False) -> (Tensor values, Tensor
        indices)
    """
    return functions.sort(rec, self, dim, descending) if self.dim() else NotImplemented


@lowers("argsort.stable")
def argsort_stable(rec: Recorder, self: Tensor, *, stable: bool, dim: int = -1, descending: bool = False) -> Any:
    """``argsort.stable(Tensor self, *, bool stable, int dim=-1, bool descending=False) -> Tensor``."""
    return functions.argsort(rec, self, dim, descending) if self.dim() else NotImplemented


for _name in ("sort.default", "argsort.default", "max.dim", "min.dim", "mode", "kthvalue"):
    bind(of_rows(getattr(functions, _name.partition(".")[0])), _name)


@lowers("_unique2")
def unique(
    rec: Recorder, self: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False
) -> Any:
    """PyTorch's ``_unique2``.

    _unique2(Tensor self, bool sorted=True, bool return_inverse=False, bool return_counts=False) -> (Tensor,
        Tensor, Tensor)
    """
    return _distinct(rec, "unique", self, None, inverse=return_inverse, counts=return_counts)


@lowers("unique_dim")
def unique_dim(
    rec: Recorder, self: Tensor, dim: int, sorted: bool = True, return_inverse: bool = False,
    return_counts: bool = False,
) -> Any:  # fmt: skip
    """PyTorch's ``unique_dim``.

    unique_dim(Tensor self, int dim, bool sorted=True, bool return_inverse=False, bool return_counts=False) ->
        (Tensor, Tensor, Tensor)
    """
    return _distinct(rec, "unique", self, dim, inverse=return_inverse, counts=return_counts)


@lowers("unique_consecutive")
def unique_consecutive(
    rec: Recorder, self: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """PyTorch's ``unique_consecutive``.

    unique_consecutive(Tensor self, bool return_inverse=False, bool return_counts=False, int? dim=None) ->
        (Tensor, Tensor, Tensor)
    """
    return _distinct(rec, "unique_consecutive", self, dim, inverse=return_inverse, counts=return_counts)


def _distinct(rec: Recorder, op: str, x: Tensor, dim: int | None, *, inverse: bool, counts: bool) -> Any:
    """Distinct elements, inverse and counts as PyTorch returns them: those that were not asked for are empty.

    Where the numbers are not known, all elements are taken to be equal, so that a loop over the distinct ones runs once
    and its mask picks all.
    """
    also = tuple(name for name, asked in (("inverse", inverse), ("counts", counts)) if asked)
    known = rec.numbers(x)
    if known is None:
        count = min(x.numel() if dim is None else x.shape[dim], 1)
    else:
        distinct = torch.unique if op == "unique" else torch.unique_consecutive
        count = distinct(known, dim=dim).shape[0 if dim is None else dim]
    rec.suppose(
        x, f"{op}: all elements are taken to be equal" if known is None else f"{op}: {count} are distinct", sizes=True
    )
    values, *beside = getattr(functions, op)(rec, x, inverse, counts, dim, count)
    found = dict(zip(also, beside, strict=True))
    empty = torch.empty(0, dtype=torch.int64, device="meta")
    return values, found.get("inverse", empty), found.get("counts", empty)


@lowers("torchvision.nms")
def nms(rec: Recorder, dets: Tensor, scores: Tensor, iou_threshold: float) -> Any:
    """``torchvision::nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor``."""
    rec.guess("nms: all boxes are taken to be kept")
    return functions.nms(rec, dets, scores, iou_threshold)
