import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, normal, shapes
from netweight.ops.random.dropout import DropoutAttrs


@st.composite
def dropout_cases(draw: DrawFn) -> Case:
    return DropoutAttrs(p=draw(st.sampled_from([0.0, 0.3, 0.5]))), (normal(draw, *draw(shapes())),)


@st.composite
def identity_cases(draw: DrawFn) -> Case:
    return None, (normal(draw, *draw(shapes())),)


CASES = {"dropout": dropout_cases(), "identity": identity_cases()}
BATCHED = {"dropout": ("x",)}
LINEAR = ["dropout", "identity"]
