"""Elements by their order: all of them, the first few, the first, by rank and frequency; how many there are of what.

Dimensions may be negative, counted from the end. How many elements ``nonzero``, ``unique`` and ``nms`` find depends on
numbers: it is taken to be ``count``, or the most that there can be.
"""

from __future__ import annotations

from netweight.functions.recorder import Recorder, T, from_front
from netweight.ops.order.nonzero import NonzeroAttrs
from netweight.ops.order.order_statistics import KthvalueAttrs, SearchsortedAttrs
from netweight.ops.order.sort import PickAttrs, SortAttrs, TopkAttrs
from netweight.ops.order.suppression import NmsAttrs
from netweight.ops.order.unique import RunsAttrs, UniqueAttrs


def sort(rec: Recorder, x: T, dim: int = -1, descending: bool = False) -> tuple[T, T]:
    """The elements in order along a dimension, and where they were."""
    values, places = rec.op("sort", SortAttrs(dim=from_front(rec, x, dim)[0], descending=descending), x)
    return values, places


def argsort(rec: Recorder, x: T, dim: int = -1, descending: bool = False) -> T:
    """Positions that bring the elements into order along a dimension."""
    return rec.op("argsort", SortAttrs(dim=from_front(rec, x, dim)[0], descending=descending), x)


def topk(rec: Recorder, x: T, k: int, dim: int = -1, largest: bool = True) -> tuple[T, T]:
    """The ``k`` largest elements along a dimension, or the smallest, in order, and where they were."""
    values, places = rec.op("topk", TopkAttrs(k=k, dim=from_front(rec, x, dim)[0], largest=largest), x)
    return values, places


def max(rec: Recorder, x: T, dim: int, keepdim: bool = False) -> tuple[T, T]:  # noqa: A001  -- PyTorch's name
    """The largest element along a dimension, and where it was; ``amax`` has it without the position."""
    return _picked(rec, "max", x, dim, keepdim=keepdim)


def min(rec: Recorder, x: T, dim: int, keepdim: bool = False) -> tuple[T, T]:  # noqa: A001  -- PyTorch's name
    """The smallest element along a dimension, and where it was; ``amin`` has it without the position."""
    return _picked(rec, "min", x, dim, keepdim=keepdim)


def mode(rec: Recorder, x: T, dim: int = -1, keepdim: bool = False) -> tuple[T, T]:
    """The most frequent element along a dimension, and where it was."""
    return _picked(rec, "mode", x, dim, keepdim=keepdim)


def kthvalue(rec: Recorder, x: T, k: int, dim: int = -1, keepdim: bool = False) -> tuple[T, T]:
    """The k-th smallest element along a dimension, and where it was."""
    attrs = KthvalueAttrs(k=k, dim=from_front(rec, x, dim)[0], keepdim=keepdim)
    values, places = rec.op("kthvalue", attrs, x)
    return values, places


def searchsorted(rec: Recorder, sequence: T, x: T, *, right: bool = False) -> T:
    """Places of elements in a sorted row."""
    return rec.op("searchsorted", SearchsortedAttrs(right=right), sequence, x)


def nonzero(rec: Recorder, x: T, *, count: int | None = None) -> T:
    """Positions of what is not zero, (count, dimensions)."""
    return rec.op("nonzero", NonzeroAttrs(count=count), x)


def unique(
    rec: Recorder, x: T, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None,
    count: int | None = None,
) -> tuple[T, ...]:  # fmt: skip
    """Distinct elements, or slices along a dimension, in order; which of them each is; how many there are of each."""
    also = _also(inverse=return_inverse, counts=return_counts)
    return _tuple(rec.op("unique", UniqueAttrs(count=count, dim=_dim(rec, x, dim), also=also), x))


def unique_consecutive(
    rec: Recorder, x: T, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None,
    count: int | None = None,
) -> tuple[T, ...]:  # fmt: skip
    """The first of each run of equal elements, or slices; which run each is in; how long each is."""
    also = _also(inverse=return_inverse, counts=return_counts)
    return _tuple(rec.op("unique_consecutive", RunsAttrs(count=count, dim=_dim(rec, x, dim), also=also), x))


def nms(rec: Recorder, boxes: T, scores: T, iou_threshold: float, *, count: int | None = None) -> T:
    """Positions of the boxes that overlap no better one; ``count`` of them are taken to be kept, all without it."""
    return rec.op("nms", NmsAttrs(iou_threshold=iou_threshold, count=count), boxes, scores)


def _picked(rec: Recorder, op: str, x: T, dim: int, *, keepdim: bool) -> tuple[T, T]:
    values, places = rec.op(op, PickAttrs(dim=from_front(rec, x, dim)[0], keepdim=keepdim), x)
    return values, places


def _dim(rec: Recorder, x: T, dim: int | None) -> int | None:
    return None if dim is None else from_front(rec, x, dim)[0]


def _also(**asked: bool) -> tuple[str, ...]:
    return tuple(name for name, wanted in asked.items() if wanted)


def _tuple(made: T | tuple[T, ...]) -> tuple[T, ...]:
    return made if isinstance(made, tuple) else (made,)
