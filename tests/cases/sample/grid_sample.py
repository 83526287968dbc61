import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, generator, normal
from netweight.ops.sample.grid_sample import GridSampleAttrs


@st.composite
def grid_sample_cases(draw: DrawFn) -> Case:
    """Coordinates from well before to well after the input, never near an element nor half-way between two."""
    mode = draw(st.sampled_from(["linear", "nearest", "cubic"]))
    spatial = draw(st.sampled_from([2, 2, 1] if mode == "cubic" else [2, 2, 3, 1]))  # PyTorch's cubic is for images
    attrs = GridSampleAttrs(
        mode=mode,
        padding_mode=draw(st.sampled_from(["zeros", "border", "reflection"])),
        align_corners=draw(st.booleans()),
    )
    n, c, *in_size = (
        draw(st.integers(1, 2)),
        draw(st.integers(1, 3)),
        *(draw(st.integers(1, 4)) for _ in range(spatial)),
    )
    out_size = [draw(st.integers(1, 3)) for _ in range(spatial)]
    rng = generator(draw)
    grid = np.empty((n, *out_size, spatial))
    for dim, size in enumerate(in_size):
        whole = rng.integers(-2 * size - 1, 3 * size + 1, (n, *out_size))
        at = whole + rng.choice([0.15, 0.25, 0.35, 0.65, 0.75, 0.85], (n, *out_size))
        scale = (size - 1 if attrs.align_corners else size) / 2
        grid[..., -1 - dim] = (at + (0 if attrs.align_corners else 0.5)) / (scale or 1) - 1
    return attrs, (normal(draw, n, c, *in_size), grid)


CASES = {"grid_sample": grid_sample_cases()}
BATCHED = {"grid_sample": ("x", "grid")}
LINEAR = ["grid_sample"]
