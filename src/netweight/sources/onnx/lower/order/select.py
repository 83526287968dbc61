"""What a tensor holds: how many there are follows from numbers; without them the most that can be, and a note."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from netweight.functions import order as functions
from netweight.functions.move.index import index_select
from netweight.lazy import np
from netweight.ops.move.slicing import SliceAttrs
from netweight.ops.order.suppression import NmsPerClassAttrs, nms_per_class_forward
from netweight.ops.order.unique import UniqueAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.lower.common import axis_of, permuted, reshaped
from netweight.sources.onnx.tensor import Tensor

_SMALL = 1 << 20
"""Elements up to which something is looked for while the file is read."""


def _count(call: Call, taken: str, tensors: tuple[Tensor, ...], counted: Callable[..., int]) -> int | None:
    """How many are found in the numbers; None for the most that can be."""
    small = call.computing or all(tensor.spec.numel <= _SMALL for tensor in tensors)
    if small and all(tensor.known for tensor in tensors):
        return int(counted(*(tensor.array() for tensor in tensors)))
    call.note(f"{call.node.op_type}: {taken}; how many depends on data", guess=True)
    return None


@lowers("NonZero")
def nonzero(call: Call, x: Tensor) -> Any:
    """A column per element found."""
    count = _count(call, "all elements are taken to be found", (x,), np.count_nonzero)
    return permuted(call, functions.nonzero(call, x, count=count), (1, 0))


@lowers("Compress")
def compress(call: Call, x: Tensor, condition: Tensor) -> Any:
    """Slices where a condition holds, which may end before the dimension does; without an axis, elements."""
    axis = call.attr("axis")
    whole = reshaped(call, x, (x.spec.numel,)) if axis is None else x
    dim = 0 if axis is None else axis_of(axis, x.rank)
    count = _count(call, "all slices are taken to be kept", (condition,), np.count_nonzero)
    found = functions.nonzero(call, condition, count=count)
    return index_select(call, whole, dim, reshaped(call, found, found.shape[:1]))


@lowers("Unique")
def unique(call: Call, x: Tensor) -> Any:
    """Without an axis, the elements in order are looked at."""
    axis = call.attr("axis")
    dim = None if axis is None else axis_of(axis, x.rank)
    x = reshaped(call, x, (x.spec.numel,)) if axis is None else x
    beside = ("first", "inverse", "counts")
    also = tuple(name for at, name in enumerate(beside, start=1) if call.wants(at))
    count = _count(
        call, "all are taken to differ", (x,), lambda array: np.unique(array, axis=dim, equal_nan=False).shape[dim or 0]
    )  # fmt: skip
    attrs = UniqueAttrs(count=count, dim=dim, also=also, sorted=bool(call.attr("sorted", 1)))
    made = call.op("unique", attrs, x)
    values, *others = made if also else (made,)
    found = dict(zip(also, others, strict=True))
    return (values, *(found.get(name) for name in beside))


@lowers("TopK")
def topk(call: Call, x: Tensor, k: Tensor | None = None) -> Any:
    """Until opset 9, k is an attribute; in order also where that is not asked for."""
    count = int(call.need("k") if k is None else k.item())
    dim = axis_of(call.attr("axis", -1), x.rank)
    if not count:
        nothing = call.op("slice", SliceAttrs(dim=dim, start=0, stop=0), x)
        return nothing, call.constant(np.zeros(nothing.shape, np.int64))
    return functions.topk(call, x, count, dim, bool(call.attr("largest", 1)))


@lowers("NonMaxSuppression")
def non_max_suppression(
    call: Call,
    boxes: Tensor,
    scores: Tensor,
    max_output_boxes_per_class: Tensor | None = None,
    iou_threshold: Tensor | None = None,
    score_threshold: Tensor | None = None,
) -> Any:
    most = 0 if max_output_boxes_per_class is None else int(max_output_boxes_per_class.item())
    attrs = NmsPerClassAttrs(
        iou_threshold=0.0 if iou_threshold is None else float(iou_threshold.item()),
        max_per_class=max(most, 0),
        score_threshold=None if score_threshold is None else float(score_threshold.item()),
        center_point_box=bool(call.attr("center_point_box", 0)),
    )
    count = _count(
        call,
        "all boxes are taken to be kept",
        (boxes, scores),
        lambda *arrays: len(nms_per_class_forward(attrs, *arrays)),
    )
    return call.op("nms_per_class", replace(attrs, count=count), boxes, scores)
