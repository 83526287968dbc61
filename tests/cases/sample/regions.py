import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, distinct, generator, normal
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


CASES = {
    "roi_align": roi_align_cases(),
    "roi_align_max": roi_align_cases(),
    "roi_pool": roi_pool_cases(),
}
BATCHED = dict.fromkeys(("roi_align", "roi_align_max", "roi_pool"), ("rois",))
LINEAR = ["roi_align"]
