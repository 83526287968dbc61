import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, normal, shapes
from netweight.ops.layout import ReshapeAttrs


@st.composite
def reshape_cases(draw: DrawFn) -> Case:
    shape = draw(shapes())
    new = [*draw(st.permutations(shape))]
    if draw(st.booleans()):
        new[draw(st.integers(0, len(new) - 1))] = -1
    return ReshapeAttrs(shape=tuple(new)), (normal(draw, *shape),)


CASES = {"reshape": reshape_cases()}
LINEAR = ["reshape"]
