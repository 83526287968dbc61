import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, generator, normal, shapes
from cases.reduce.reduction import reduce_cases, some_dims
from netweight.ops.reduce.cumulative import CumsumAttrs
from netweight.ops.reduce.reduction import ReduceAttrs


@st.composite
def question_cases(draw: DrawFn) -> Case:
    """Many zeros, of any type."""
    shape = draw(shapes(0, 4))
    attrs = ReduceAttrs(dims=draw(some_dims(len(shape))), keepdim=draw(st.booleans()))
    x = generator(draw).integers(0, 3, shape) % 2
    return attrs, (np.asarray(x).astype(draw(st.sampled_from(["float64", "int64", "bool"]))),)


@st.composite
def cumprod_cases(draw: DrawFn) -> Case:
    """A zero now and then: the other factors still have a gradient."""
    shape = draw(shapes())
    x = 1 + normal(draw, *shape) / 2
    zeros = generator(draw).random(shape) < draw(st.sampled_from([0, 0.3]))
    return CumsumAttrs(dim=draw(st.integers(0, len(shape) - 1))), (np.where(zeros, 0.0, x),)


CASES = {
    "logsumexp": reduce_cases(),
    "cumprod": cumprod_cases(),
    **{name: question_cases() for name in ("any", "all", "count_nonzero")},
}
