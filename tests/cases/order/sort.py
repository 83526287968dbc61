import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, distinct, shapes
from netweight.ops.order.sort import PickAttrs, SortAttrs, TopkAttrs


@st.composite
def sort_cases(draw: DrawFn) -> Case:
    shape = draw(shapes(max_side=6))
    attrs = SortAttrs(dim=draw(st.integers(0, len(shape) - 1)), descending=draw(st.booleans()))
    return attrs, (distinct(draw, *shape),)


@st.composite
def topk_cases(draw: DrawFn) -> Case:
    shape = draw(shapes(max_side=6))
    dim = draw(st.integers(0, len(shape) - 1))
    k = draw(st.integers(1, shape[dim]))
    return TopkAttrs(k=k, dim=dim, largest=draw(st.booleans())), (distinct(draw, *shape),)


@st.composite
def pick_cases(draw: DrawFn) -> Case:
    shape = draw(shapes())
    attrs = PickAttrs(dim=draw(st.integers(0, len(shape) - 1)), keepdim=draw(st.booleans()))
    return attrs, (distinct(draw, *shape),)


CASES = {
    "sort": sort_cases(),
    "argsort": sort_cases(),
    "topk": topk_cases(),
    "max": pick_cases(),
    "min": pick_cases(),
}
