import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, normal, shapes
from netweight.ops.norm.softmax import SoftmaxAttrs


@st.composite
def softmax_cases(draw: DrawFn) -> Case:
    """Any dimension, by either of its numbers; scores near and far from each other."""
    shape = draw(shapes())
    dim = draw(st.integers(-len(shape), len(shape) - 1))
    return SoftmaxAttrs(dim=dim), (normal(draw, *shape) * draw(st.sampled_from([1, 20])),)


CASES = {"softmax": softmax_cases(), "log_softmax": softmax_cases()}
# Log-softmax over the samples themselves takes one log for all of them.
BATCHED = {"softmax": ("x",)}
