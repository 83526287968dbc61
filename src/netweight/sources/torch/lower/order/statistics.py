"""Elements by rank and frequency, running extremes, and places in sorted rows."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.functions import order as functions
from netweight.ops.move.places import GatherAttrs
from netweight.ops.move.scatter import IndexAddAttrs
from netweight.ops.order.order_statistics import SearchsortedAttrs
from netweight.ops.pointwise.blend import LerpAttrs
from netweight.ops.pointwise.scalar import ScalarAttrs
from netweight.ops.reduce.reduction import ReduceAttrs
from netweight.sources.torch.lower import RULES, lowers
from netweight.sources.torch.lower.common import binary, cast
from netweight.sources.torch.lower.move.layout import flat, reshaped, squeeze, unsqueeze
from netweight.sources.torch.recorder import Recorder


@lowers("median.dim")
def median(rec: Recorder, self: Tensor, dim: int, keepdim: bool = False) -> Any:
    """The lower of the two elements in the middle."""
    if self.dim() == 0:
        return NotImplemented
    return functions.kthvalue(rec, self, (self.shape[dim] + 1) // 2, dim, keepdim)


@lowers("median.default")
def median_of_all(rec: Recorder, self: Tensor) -> Any:
    """``median(Tensor self) -> Tensor``."""
    return median(rec, flat(rec, self), 0)[0]


@lowers("nanmedian.dim")
def nanmedian(rec: Recorder, self: Tensor, dim: int, keepdim: bool = False) -> Any:
    """In order NaN comes last, so the middle is that of what comes before."""
    if self.dim() == 0:
        return NotImplemented
    dim %= self.dim()
    values, places = functions.sort(rec, self, dim)
    numbers = rec.op("logical_not", None, rec.op("isnan", None, self))
    count = rec.op("sum", ReduceAttrs(dims=(dim,), keepdim=True), numbers)
    last = rec.op("add_scalar", ScalarAttrs(value=-1.0), count)
    middle = binary(rec, "maximum", binary(rec, "floor_divide", last, 2), 0)
    found = [rec.op("gather", GatherAttrs(dim=dim), part, middle) for part in (values, places)]
    return tuple(found if keepdim else [squeeze(rec, part, dim) for part in found])


@lowers("nanmedian.default")
def nanmedian_of_all(rec: Recorder, self: Tensor) -> Any:
    """``nanmedian(Tensor self) -> Tensor``."""
    return nanmedian(rec, flat(rec, self), 0)[0]


@lowers("quantile")
def quantile(
    rec: Recorder, self: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *,
    interpolation: str = "linear",
) -> Any:  # fmt: skip
    """Quantiles of rows without NaN, between the two neighbours in order."""
    if self.dim() == 0 or (isinstance(q, Tensor) and q.device.type == "meta"):
        return NotImplemented
    x, at = (flat(rec, self), 0) if dim is None else (self, dim % self.dim())
    shares = torch.as_tensor(q, dtype=x.dtype)
    places = shares.reshape(-1) * (x.shape[at] - 1)
    low, way = _neighbours(places, interpolation)
    ranked, _ = functions.sort(rec, x, at)
    y = rec.op("index_select", GatherAttrs(dim=at), ranked, low)
    if way is not None:
        following = rec.op("index_select", GatherAttrs(dim=at), ranked, places.ceil().to(torch.int64))
        y = rec.op("lerp", LerpAttrs(weight=None), y, following, way.reshape(-1, *(1,) * (x.dim() - at - 1)))
    y = RULES["movedim"](rec, y, at, 0)
    rest = self.shape if dim is None else tuple(size for d, size in enumerate(self.shape) if d != at)
    kept = tuple(1 if dim is None or d == at else size for d, size in enumerate(self.shape))
    inner = kept if keepdim else (() if dim is None else rest)
    return reshaped(rec, y, (*shares.shape, *inner))


def _neighbours(places: Tensor, interpolation: str) -> tuple[Tensor, Tensor | None]:
    """Positions to read, and how far it is from each to the next; None to read them alone."""
    below = places.floor()
    match interpolation:
        case "linear":
            return below.to(torch.int64), places - below
        case "midpoint":
            return below.to(torch.int64), torch.full_like(places, 0.5)
        case "higher":
            return places.ceil().to(torch.int64), None
        case "nearest":
            return places.round().to(torch.int64), None
        case _:
            return below.to(torch.int64), None


@lowers("searchsorted.Tensor", "searchsorted.Scalar")
def searchsorted(
    rec: Recorder, sorted_sequence: Tensor, self: Any, *, out_int32: bool = False, right: bool = False,
    side: str | None = None, sorter: Tensor | None = None,
) -> Any:  # fmt: skip
    """PyTorch's ``searchsorted.Tensor``.

    searchsorted.Tensor(Tensor sorted_sequence, Tensor self, *, bool out_int32=False, bool right=False, str?
        side=None, Tensor? sorter=None) -> Tensor
    """
    row = sorted_sequence
    if sorter is not None:
        row = rec.op("gather", GatherAttrs(dim=row.dim() - 1), row, sorter)
    x = self if isinstance(self, Tensor) else torch.tensor(self, dtype=row.dtype)
    attrs = SearchsortedAttrs(right=right or side == "right", dtype="int32" if out_int32 else "int64")
    if row.dim() > 1 and x.dim() == 0:
        return rec.op("searchsorted", attrs, row, unsqueeze(rec, x, 0))
    return rec.op("searchsorted", attrs, row, x)


@lowers("bucketize.Tensor", "bucketize.Scalar")
def bucketize(rec: Recorder, self: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Any:
    """``bucketize.Tensor(Tensor self, Tensor boundaries, *, bool out_int32=False, bool right=False) -> Tensor``."""
    return searchsorted(rec, boundaries, self, out_int32=out_int32, right=right)


@lowers("isin.Tensor_Tensor", "isin.Tensor_Scalar", "isin.Scalar_Tensor")
def isin(rec: Recorder, elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Any:
    """Every element compared with every other."""
    if not isinstance(test_elements, Tensor):
        found = binary(rec, "eq", elements, test_elements)
    elif not isinstance(elements, Tensor) or elements.dim() == 0:
        tests = flat(rec, test_elements)
        found = rec.op("amax", ReduceAttrs(dims=(0,)), binary(rec, "eq", tests, elements))
    else:
        pairs = binary(rec, "eq", unsqueeze(rec, elements, -1), flat(rec, test_elements))
        found = rec.op("amax", ReduceAttrs(dims=(pairs.dim() - 1,)), pairs)
    return rec.op("logical_not", None, found) if invert else found


@lowers("bincount")
def bincount(rec: Recorder, self: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Any:
    """One sum per number; how many there are is a guess where the numbers are not known."""
    known = rec.numbers(self)
    largest = (minlength or self.numel()) - 1 if known is None else int(known.max()) if known.numel() else 0
    count = max(minlength, largest + 1, 1 if known is None else 0)
    rec.suppose(self, f"bincount: all numbers are taken to be below {count}", sizes=True)
    if weights is None:
        weights = torch.ones(self.shape, dtype=torch.int64)
    elif weights.dtype != torch.float32:
        weights = cast(rec, weights, torch.float64)
    return rec.op("index_add", IndexAddAttrs(dim=0, alpha=1), torch.zeros(count, dtype=weights.dtype), self, weights)
