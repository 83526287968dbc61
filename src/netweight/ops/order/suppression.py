"""Non-maximum suppression: of boxes that overlap, the one with the highest score is kept.

Shapes
    nms            boxes (boxes, 4), scores (boxes,) -> (count,): positions of those kept, highest score first
    nms_per_class  boxes (N, boxes, 4), scores (N, classes, boxes) -> (count, 3): sample, class and position

Boxes are two opposite corners. In the order of their scores, each box is kept unless its intersection over union with
one kept before is above the threshold. How many are kept depends on the values, so the shape rule takes a number:
``count``, or the most that there can be. ``forward`` returns as many as there are.

Source: torchvision.ops.nms; ONNX NonMaxSuppression.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.count import Count, product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.extent import Extent, Mixes
from netweight.ops.order.nonzero import taken_count
from netweight.ops.order.sort import selection_compares
from netweight.ops.table import Cost, define, free, not_differentiable


@dataclass(frozen=True, slots=True, kw_only=True)
class NmsAttrs:
    """Attributes of suppression.

    Attributes:
        iou_threshold: Intersection over union above which the box of the lower score goes.
        count: Boxes taken to be kept; None for all that can be.
    """

    iou_threshold: float
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NmsPerClassAttrs(NmsAttrs):
    """Attributes of suppression for each sample and class, beside those of suppression.

    Attributes:
        max_per_class: Boxes kept of a class at most.
        score_threshold: A box with a score that is not above it goes; None keeps any.
        center_point_box: Boxes are centre, width and height instead of corners: (x, y, w, h).
    """

    max_per_class: int
    score_threshold: float | None = None
    center_point_box: bool = False


def nms_shape(attrs: NmsAttrs, boxes: TensorSpec, scores: TensorSpec) -> TensorSpec:
    """The positions kept as int64."""
    if len(boxes.shape) != 2 or boxes.shape != (*scores.shape, 4):
        raise ShapeError(f"nms: expected boxes (boxes, 4) and scores (boxes,), got {boxes.shape} and {scores.shape}")
    return TensorSpec((taken_count("nms", attrs.count, boxes.shape[0]),), "int64")


def nms_cost(attrs: NmsAttrs, boxes: TensorSpec, scores: TensorSpec) -> Cost:
    """A merge sort of the scores, the area of each box, and the overlap of all pairs that may have to be compared.

    An area is two subtractions and a product. Those kept are taken to be the first in order, the most work that there
    can be: each meets all boxes that come after it. A pair takes four comparisons for the corners of the intersection,
    two subtractions, two comparisons with zero and a product for its area, two additions for the union, a division,
    and a comparison with the threshold.
    """
    (kept,) = nms_shape(attrs, boxes, scores).shape
    return _cost(1, scores.shape[0], kept)


def nms_forward(attrs: NmsAttrs, boxes: Array, scores: Array) -> Array:
    """Of equal scores the first box wins."""
    order = np.argsort(-scores, kind="stable")
    return _kept(boxes, order, attrs.iou_threshold, len(order))


def nms_per_class_shape(attrs: NmsPerClassAttrs, boxes: TensorSpec, scores: TensorSpec) -> TensorSpec:
    """A row of int64 per box kept, samples and classes in order."""
    fits = len(boxes.shape) == len(scores.shape) == 3 and boxes.shape == (scores.shape[0], scores.shape[2], 4)
    if not fits or attrs.max_per_class < 0:
        raise ShapeError(
            "nms_per_class: expected boxes (N, boxes, 4), scores (N, classes, boxes) and max_per_class of at least 0, "
            f"got {boxes.shape}, {scores.shape} and {attrs.max_per_class}"
        )
    n, classes, count = scores.shape
    most = n * classes * min(attrs.max_per_class, count)
    return TensorSpec((taken_count("nms_per_class", attrs.count, most), 3), "int64")


def nms_per_class_cost(attrs: NmsPerClassAttrs, boxes: TensorSpec, scores: TensorSpec) -> Cost:
    """That of ``nms`` per sample and class, as if each kept all that it may; a comparison per score threshold.

    Corners are put in order by four comparisons per box, or computed by four additions and two products.
    """
    nms_per_class_shape(attrs, boxes, scores)
    n, classes, count = scores.shape
    all_boxes = product(n=n, boxes=count)
    cost = _cost(n * classes, count, min(attrs.max_per_class, count))
    if attrs.score_threshold is not None:
        cost += Cost(compares=product(n=n, classes=classes, boxes=count))
    if attrs.center_point_box:
        return cost + Cost(adds=all_boxes * product(each=4), muls=all_boxes * product(each=2))
    return cost + Cost(compares=all_boxes * product(each=4))


def nms_per_class_forward(attrs: NmsPerClassAttrs, boxes: Array, scores: Array) -> Array:
    """Of equal scores the first box wins."""
    found = [np.zeros((0, 3), np.int64)]
    for sample, of_class in np.ndindex(scores.shape[:2]):
        own = scores[sample, of_class]
        order = np.argsort(-own, kind="stable")
        if attrs.score_threshold is not None:
            order = order[own[order] > attrs.score_threshold]
        kept = _kept(_corners(attrs, boxes[sample]), order, attrs.iou_threshold, attrs.max_per_class)
        found.append(np.stack([np.full_like(kept, sample), np.full_like(kept, of_class), kept], axis=1))
    return np.concatenate(found)


def nms_extent(_attrs: NmsAttrs, boxes: TensorSpec, _scores: TensorSpec) -> Extent:
    """Every box."""
    return Mixes(tuple(range(len(boxes.shape))))


def _cost(rows: int, boxes: int, kept: int) -> Cost:
    """``kept`` boxes of each of ``rows`` meet all that come after them."""
    after = kept * boxes - kept * (kept + 1) // 2
    pairs, areas = product(rows=rows, pairs=after), product(rows=rows, boxes=boxes)
    sorting = product({"rows": rows, "compares of a sort": selection_compares(boxes, boxes) if boxes else 0})
    return Cost(
        compares=sorting + _each(pairs, 7),
        adds=_each(areas, 2) + _each(pairs, 4),
        muls=areas + pairs,
        divs=pairs,
    )


def _each(of: Count, amount: int) -> Count:
    return of * product(each=amount)


def _corners(attrs: NmsPerClassAttrs, boxes: Array) -> Array:
    """Boxes as lower and upper corner."""
    first, second = boxes[:, :2], boxes[:, 2:]
    if attrs.center_point_box:
        return np.concatenate([first - second / 2, first + second / 2], axis=1)
    return np.concatenate([np.minimum(first, second), np.maximum(first, second)], axis=1)


def _kept(boxes: Array, order: Array, threshold: float, most: int) -> Array:
    """Positions of those kept, at most so many, in order."""
    kept: list[int] = []
    left = order
    while len(left) and len(kept) < most:
        kept.append(int(left[0]))
        left = left[1:][~(_overlap(boxes[left[0]], boxes[left[1:]]) > threshold)]
    return np.array(kept, np.int64)


def _overlap(box: Array, others: Array) -> Array:
    """Intersection over union; NaN, which is above nothing, if both are empty."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = np.maximum(sides, 0).prod(axis=1)
    union = (box[2:] - box[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(axis=1) - shared
    with np.errstate(invalid="ignore", divide="ignore"):
        share: Array = shared / union
    return share


NMS = define(
    name="nms",
    kind="reduce",
    attrs=NmsAttrs,
    inputs=("boxes", "scores"),
    shape=nms_shape,
    cost=nms_cost,
    forward=nms_forward,
    backward=not_differentiable,
    backward_cost=free,
    extent=nms_extent,
    dims={"boxes": "boxes corners", "scores": "boxes", "y": "kept"},
)
NMS_PER_CLASS = define(
    name="nms_per_class",
    kind="reduce",
    attrs=NmsPerClassAttrs,
    inputs=("boxes", "scores"),
    shape=nms_per_class_shape,
    cost=nms_per_class_cost,
    forward=nms_per_class_forward,
    backward=not_differentiable,
    backward_cost=free,
    extent=nms_extent,
    dims={"boxes": "n boxes corners", "scores": "n classes boxes", "y": "kept place"},
)
