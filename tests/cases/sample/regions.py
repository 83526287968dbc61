import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, distinct, generator, normal
from netweight.ops import REGISTRY
from netweight.ops.order.suppression import NmsAttrs, NmsPerClassAttrs
from netweight.ops.sample.roi_align import RoiAlignAttrs, RoiPoolAttrs


def _regions(draw: DrawFn, samples: int) -> np.ndarray:
    """From before the map to beyond it, some without extent. Whole numbers: gradients do not flow to regions."""
    rng, count = generator(draw), draw(st.integers(1, 3))
    first = rng.integers(-6, 16, (count, 2))
    return np.concatenate(
        [rng.integers(0, samples, (count, 1)), first, first + rng.integers(-3, 20, (count, 2))], axis=1
    )


@st.composite
def roi_align_cases(draw: DrawFn) -> Case:
    attrs = RoiAlignAttrs(
        output_size=(draw(st.integers(1, 3)), draw(st.integers(1, 3))),
        spatial_scale=draw(st.sampled_from([1.0, 0.37, 0.25, 1.3])),
        sampling_ratio=draw(st.integers(0, 3)),
        aligned=draw(st.booleans()),
    )
    n = draw(st.integers(1, 2))
    x = normal(draw, n, draw(st.integers(1, 2)), draw(st.integers(1, 6)), draw(st.integers(1, 6)))
    return attrs, (x, _regions(draw, n))


@st.composite
def roi_pool_cases(draw: DrawFn) -> Case:
    attrs = RoiPoolAttrs(
        output_size=(draw(st.integers(1, 3)), draw(st.integers(1, 3))),
        spatial_scale=draw(st.sampled_from([1.0, 0.37, 0.25, 0.5])),
    )
    n = draw(st.integers(1, 2))
    x = distinct(draw, n, draw(st.integers(1, 2)), draw(st.integers(1, 6)), draw(st.integers(1, 6)))
    return attrs, (x, _regions(draw, n))


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
    "roi_align": roi_align_cases(),
    "roi_align_max": roi_align_cases(),
    "roi_pool": roi_pool_cases(),
    "nms": nms_cases(),
    "nms_per_class": nms_per_class_cases(),
}
BATCHED = dict.fromkeys(("roi_align", "roi_align_max", "roi_pool"), ("rois",))
LINEAR = ["roi_align"]
