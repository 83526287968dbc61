import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, distinct, normal, shapes
from netweight.ops.reduce.cumulative import CumsumAttrs


@st.composite
def cumsum_cases(draw: DrawFn) -> Case:
    shape = draw(shapes())
    return CumsumAttrs(dim=draw(st.integers(0, len(shape) - 1))), (normal(draw, *shape),)


@st.composite
def running_cases(draw: DrawFn) -> Case:
    shape = draw(shapes(max_side=6))
    return CumsumAttrs(dim=draw(st.integers(0, len(shape) - 1))), (distinct(draw, *shape),)


CASES = {
    "cumsum": cumsum_cases(),
    "cummax": running_cases(),
    "cummin": running_cases(),
    "logcumsumexp": running_cases(),
}
LINEAR = ["cumsum"]
