import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, normal, shapes
from netweight.ops.norm import LocalResponseNormAttrs


@st.composite
def local_response_norm_cases(draw: DrawFn) -> Case:
    attrs = LocalResponseNormAttrs(
        size=draw(st.integers(1, 5)), alpha=0.5, beta=0.75, k=draw(st.sampled_from([1.0, 2.0]))
    )
    return attrs, (normal(draw, *draw(shapes(2, 4))),)


CASES = {"local_response_norm": local_response_norm_cases()}
BATCHED = {"local_response_norm": ("x",)}
