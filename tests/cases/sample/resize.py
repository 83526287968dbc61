import math

import hypothesis.strategies as st
from hypothesis import assume
from hypothesis.strategies import DrawFn

from cases.draws import Case, normal
from netweight.ops.sample.resize import ResizeAttrs


@st.composite
def resize_cases(draw: DrawFn) -> Case:
    """Every mode, up and down and unchanged, by size or by a factor that the sizes do not tell."""
    dims = draw(st.integers(1, 3))
    most = 7 if dims < 3 else 4
    in_size = [draw(st.integers(1, most)) for _ in range(dims)]
    mode = draw(st.sampled_from(["nearest", "nearest-exact", "linear", "cubic"]))
    align_corners = mode in ("linear", "cubic") and draw(st.booleans())
    factors = None
    if not align_corners and draw(st.booleans()):
        factors = tuple(draw(st.sampled_from([0.3, 0.5, 0.7, 1.0, 1.1, 1.5, 2.0, 2.7])) for _ in range(dims))
        size = tuple(math.floor(now * factor) for now, factor in zip(in_size, factors, strict=True))
        assume(min(size) > 0)
        # PyTorch's own kernels, and forward and backward, disagree where rounding makes a size stay or double.
        assume(
            all(
                (out == now) == (factor == 1) and (out == 2 * now) == (factor == 2)
                for now, out, factor in zip(in_size, size, factors, strict=True)
            )
        )
    else:
        size = tuple(draw(st.integers(1, most + 3)) for _ in range(dims))
    attrs = ResizeAttrs(size=size, mode=mode, align_corners=align_corners, scale_factor=factors)
    return attrs, (normal(draw, draw(st.integers(1, 2)), draw(st.integers(1, 2)), *in_size),)


CASES = {"resize": resize_cases()}
BATCHED = {"resize": ("x",)}
LINEAR = ["resize"]
