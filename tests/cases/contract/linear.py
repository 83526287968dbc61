import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, normal, shapes


@st.composite
def linear_cases(draw: DrawFn) -> Case:
    in_features, out_features = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    x = normal(draw, *draw(shapes(0, 3)), in_features)
    bias = normal(draw, out_features) if draw(st.booleans()) else None
    return None, (x, normal(draw, out_features, in_features), bias)


CASES = {"linear": linear_cases()}
LINEAR = ["linear"]
