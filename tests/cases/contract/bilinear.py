import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, normal, shapes


@st.composite
def bilinear_cases(draw: DrawFn) -> Case:
    rows = draw(shapes(0, 2, 3))
    out, in1, in2 = (draw(st.integers(1, 4)) for _ in range(3))
    bias = normal(draw, out) if draw(st.booleans()) else None
    return None, (normal(draw, *rows, in1), normal(draw, *rows, in2), normal(draw, out, in1, in2), bias)


CASES = {
    "bilinear": bilinear_cases(),
}
