import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, distinct, generator
from netweight.ops import REGISTRY
from netweight.ops.order.suppression import NmsAttrs, NmsPerClassAttrs


def _boxes(draw: DrawFn, *shape: int) -> np.ndarray:
    """Boxes that overlap often; sides of many sizes, so that no overlap is near a threshold."""
    rng = generator(draw)
    first = rng.integers(0, 8, (*shape, 2)) / 1.0
    return np.concatenate([first, first + rng.integers(1, 9, (*shape, 2))], axis=-1)


_THRESHOLDS = st.sampled_from([0.051, 0.301, 0.507, 0.901])


@st.composite
def nms_cases(draw: DrawFn) -> Case:
    """As many as are kept are assumed; none assumed where all are."""
    count = draw(st.integers(0, 8))
    inputs = _boxes(draw, count), distinct(draw, count)
    threshold = draw(_THRESHOLDS)
    kept = len(REGISTRY["nms"].forward(NmsAttrs(iou_threshold=threshold), *inputs))
    return NmsAttrs(iou_threshold=threshold, count=None if kept == count else kept), inputs


@st.composite
def nms_per_class_cases(draw: DrawFn) -> Case:
    n, classes, count = draw(st.integers(1, 2)), draw(st.integers(1, 3)), draw(st.integers(1, 6))
    inputs = _boxes(draw, n, count), distinct(draw, n, classes, count)
    settings = {
        "iou_threshold": draw(_THRESHOLDS),
        "max_per_class": draw(st.integers(0, 7)),
        "score_threshold": draw(st.sampled_from([None, -0.05, 0.03])),
        "center_point_box": draw(st.booleans()),
    }
    kept = len(REGISTRY["nms_per_class"].forward(NmsPerClassAttrs(**settings), *inputs))
    return NmsPerClassAttrs(**settings, count=kept), inputs


CASES = {
    "nms": nms_cases(),
    "nms_per_class": nms_per_class_cases(),
}
