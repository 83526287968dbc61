import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, distinct, normal, shapes
from netweight.ops.reduce.reduction import ReduceAttrs, VarAttrs
from netweight.ops.reduce.vector_norm import VectorNormAttrs


@st.composite
def some_dims(draw: DrawFn, rank: int, most: int = 4) -> tuple[int, ...]:
    """Different dimensions in any order, perhaps none."""
    order = draw(st.permutations(range(rank)))
    return tuple(order[: draw(st.integers(0, min(rank, most)))])


@st.composite
def reduce_cases(draw: DrawFn, most: int = 4) -> Case:
    shape = draw(shapes(0, 4))
    attrs = ReduceAttrs(dims=draw(some_dims(len(shape), most)), keepdim=draw(st.booleans()))
    return attrs, (distinct(draw, *shape) if shape else normal(draw),)


@st.composite
def prod_cases(draw: DrawFn) -> Case:
    """A zero now and then: the other factors still have a gradient."""
    attrs, (x,) = draw(reduce_cases())
    x = 1 + x
    for _ in range(draw(st.integers(0, 2))):
        x = np.where(np.arange(x.size).reshape(x.shape) == draw(st.integers(0, x.size - 1)), 0.0, x)
    return attrs, (x,)


@st.composite
def var_cases(draw: DrawFn) -> Case:
    attrs, (x,) = draw(reduce_cases())
    number = int(np.prod([x.shape[dim] for dim in attrs.dims or range(x.ndim)]))
    correction = draw(st.integers(0, min(2, number - 1)))
    return VarAttrs(dims=attrs.dims, keepdim=attrs.keepdim, correction=correction), (x,)


@st.composite
def vector_norm_cases(draw: DrawFn) -> Case:
    attrs, (x,) = draw(reduce_cases())
    power = draw(st.sampled_from([0.5, 1, 2, 3]))
    return VectorNormAttrs(dims=attrs.dims, keepdim=attrs.keepdim, ord=power), (x,)


CASES = {
    **{name: reduce_cases() for name in ("sum", "mean", "amax", "amin")},
    **{name: reduce_cases(most=1) for name in ("argmax", "argmin")},
    "prod": prod_cases(),
    "var": var_cases(),
    "vector_norm": vector_norm_cases(),
}
LINEAR = ["sum", "mean"]
