import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, distinct, shapes


@st.composite
def relu_cases(draw: DrawFn) -> Case:
    return None, (distinct(draw, *draw(shapes())),)


CASES = {"relu": relu_cases()}
BATCHED = {"relu": ("x",)}
