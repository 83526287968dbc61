import math
from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, distinct, generator, normal, shapes
from netweight.ops.move.places import GatherNdAttrs
from netweight.ops.move.scatter import ScatterNdReduceAttrs


def positions(draw: DrawFn, picked: tuple[int, ...], *out: int) -> Any:
    """Lists of positions along the dimensions, counted from either end."""
    sizes = np.array(picked, dtype=np.int64)
    return generator(draw).integers(-sizes, sizes, (*out, len(picked)))


@st.composite
def gather_nd_cases(draw: DrawFn) -> Case:
    shape = draw(shapes())
    batch = draw(st.integers(0, len(shape) - 1))
    depth = draw(st.integers(1, len(shape) - batch))
    index = positions(draw, shape[batch : batch + depth], *shape[:batch], *draw(shapes(0, 2, 3)))
    return GatherNdAttrs(batch_dims=batch), (normal(draw, *shape), index)


@st.composite
def scatter_nd_cases(draw: DrawFn, *, twice: bool) -> Any:
    """x, index and src; one place is named several times only where allowed."""
    shape = draw(shapes())
    depth = draw(st.integers(1, len(shape)))
    if twice:
        index = positions(draw, shape[:depth], *draw(shapes(0, 2, 3)))
    else:
        most = math.prod(shape[:depth])
        flat = generator(draw).permutation(most)[: draw(st.integers(1, min(most, 4)))]
        index = np.stack(np.unravel_index(flat, shape[:depth]), axis=-1)
    return normal(draw, *shape), index, normal(draw, *index.shape[:-1], *shape[depth:])


@st.composite
def scatter_nd_reduce_cases(draw: DrawFn) -> Case:
    """Numbers that are not near each other: an extreme has a slope."""
    x, index, src = draw(scatter_nd_cases(twice=True))
    values = distinct(draw, x.size + src.size)
    x, src = values[: x.size].reshape(x.shape), values[x.size :].reshape(src.shape)
    attrs = ScatterNdReduceAttrs(reduce=draw(st.sampled_from(["prod", "amax", "amin"])))
    return attrs, (x, index, src)


CASES = {
    "gather_nd": gather_nd_cases(),
    "scatter_nd": scatter_nd_cases(twice=False).map(lambda inputs: (None, inputs)),
    "scatter_nd_add": scatter_nd_cases(twice=True).map(lambda inputs: (None, inputs)),
    "scatter_nd_reduce": scatter_nd_reduce_cases(),
}
LINEAR = ["gather_nd"]
