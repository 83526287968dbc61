import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, distinct, generator, shapes
from netweight.ops.order.order_statistics import KthvalueAttrs, SearchsortedAttrs
from netweight.ops.order.sort import PickAttrs


@st.composite
def kthvalue_cases(draw: DrawFn) -> Case:
    shape = draw(shapes(max_side=6))
    dim = draw(st.integers(0, len(shape) - 1))
    k = draw(st.integers(1, shape[dim]))
    return KthvalueAttrs(k=k, dim=dim, keepdim=draw(st.booleans())), (distinct(draw, *shape),)


@st.composite
def mode_cases(draw: DrawFn) -> Case:
    """Numbers of which one repeats."""
    shape = draw(shapes(max_side=6))
    attrs = PickAttrs(dim=draw(st.integers(0, len(shape) - 1)), keepdim=draw(st.booleans()))
    x = np.array(distinct(draw, *shape))
    head = x.ravel()
    head[len(head) // 2 :] = head[0]
    return attrs, (head.reshape(shape),)


@st.composite
def searchsorted_cases(draw: DrawFn) -> Case:
    attrs = SearchsortedAttrs(right=draw(st.booleans()), dtype=draw(st.sampled_from(["int64", "int32"])))
    length, shape = draw(st.integers(1, 9)), draw(shapes(1, 3))
    rows = draw(st.booleans())
    sequence = np.sort(generator(draw).integers(0, 6, (*(shape[:-1] if rows else ()), length)), axis=-1)
    return attrs, (sequence.astype(float), generator(draw).integers(-1, 7, shape).astype(float))


CASES = {
    "kthvalue": kthvalue_cases(),
    "mode": mode_cases(),
    "searchsorted": searchsorted_cases(),
}
# Equal numbers that are moved one by one are no longer equal, and none is the most frequent.
STRAIGHT_THROUGH = ["mode"]
