"""Work of suppression where nothing overlaps, which is the most there can be: loops that count what they do."""

from typing import Any

import numpy as np
import pytest

from definitions.counting import counted, greater, maximum, minimum, numbers
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.order.sort import selection_compares
from netweight.ops.order.suppression import NmsAttrs, NmsPerClassAttrs


def area(box: Any) -> Any:
    return (box[2] - box[0]) * (box[3] - box[1])


def overlap(a: Any, b: Any, areas: Any) -> Any:
    """Intersection over union."""
    width = minimum(a[2], b[2]) - maximum(a[0], b[0])
    height = minimum(a[3], b[3]) - maximum(a[1], b[1])
    both = maximum(width, 0.0) * maximum(height, 0.0)
    return both / (areas[0] + areas[1] - both)


def kept(boxes: Any, order: list[int], threshold: float, most: int) -> list[int]:
    """Positions of the boxes that stay, in order."""
    areas, found, left = [area(box) for box in boxes], [], list(order)
    while left and len(found) < most:
        first = left.pop(0)
        found.append(first)
        left = [
            at for at in left if not greater(overlap(boxes[first], boxes[at], (areas[first], areas[at])), threshold)
        ]
    return found


def corners(box: Any, center: bool) -> Any:
    if not center:
        return [pick(box[at], box[at + 2]) for pick in (minimum, maximum) for at in (0, 1)]
    half = [box[2] * 0.5, box[3] * 0.5]
    return [box[0] - half[0], box[1] - half[1], box[0] + half[0], box[1] + half[1]]


def apart(count: int) -> np.ndarray[Any, Any]:
    """Squares in a row that do not touch: (3i + 1, 3i + 1, 3i + 2, 3i + 2)."""
    at = 3.0 * np.arange(count)[:, None]
    return np.concatenate([at + 1, at + 1, at + 2, at + 2], axis=1)


def of_counts(counts: dict[str, int], sorts: int, boxes: int) -> Cost:
    """What was counted, and sorts of the scores, whose work tests of ``sort`` count."""
    counts = {**counts, "compares": counts["compares"] + sorts * selection_compares(boxes, boxes)}
    return Cost(**counts)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_work_of_boxes_that_all_stay(count: int) -> None:
    boxes, scores, attrs = apart(count), np.arange(count, 0.0, -1), NmsAttrs(iou_threshold=0.5)
    with counted() as work:
        found = kept(numbers(boxes), list(range(count)), 0.5, count)
    np.testing.assert_array_equal(REGISTRY["nms"].forward(attrs, boxes, scores), found)
    cost = REGISTRY["nms"].cost(attrs, TensorSpec(boxes.shape), TensorSpec(scores.shape))
    assert cost == of_counts({"compares": 0, **work}, 1, count)


@pytest.mark.parametrize("most", [1, 3, 9])
@pytest.mark.parametrize("threshold", [None, 0.0])
@pytest.mark.parametrize("center", [False, True])
def test_work_of_boxes_per_class(center: bool, threshold: float | None, most: int) -> None:
    n, classes, count = 2, 3, 4
    attrs = NmsPerClassAttrs(iou_threshold=0.5, max_per_class=most, score_threshold=threshold, center_point_box=center)
    boxes = np.stack([apart(count)] * n)
    if center:
        boxes[..., 2:] = 1
    scores = np.broadcast_to(np.arange(count, 0.0, -1), (n, classes, count))
    found = []
    with counted() as work:
        for sample in range(n):
            ends = [corners(box, center) for box in numbers(boxes[sample])]
            for of_class in range(classes):
                own = enumerate(numbers(scores[sample, of_class]))
                order = [at for at, score in own if threshold is None or greater(score, threshold)]
                found += [(sample, of_class, at) for at in kept(ends, order, 0.5, most)]
    np.testing.assert_array_equal(REGISTRY["nms_per_class"].forward(attrs, boxes, scores), found)
    cost = REGISTRY["nms_per_class"].cost(attrs, TensorSpec(boxes.shape), TensorSpec(scores.shape))
    assert cost == of_counts(work, n * classes, count)
