from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, distinct, generator, normal, shapes
from cases.pointwise.binary import broadcasting
from netweight.ops.move.places import GatherAttrs, IndexAttrs
from netweight.ops.move.scatter import IndexAddAttrs, IndexPutAttrs, ScatterAttrs, ScatterReduceAttrs


@st.composite
def index_cases(draw: DrawFn) -> Case:
    """Neighbouring dimensions or not, positions from either end, any that broadcast."""
    shape = draw(shapes(1, 4))
    order = draw(st.permutations(range(len(shape))))
    dims = tuple(sorted(order[: draw(st.integers(1, len(shape)))]))
    index_shapes = draw(broadcasting(len(dims)))
    indices = (generator(draw).integers(-shape[d], shape[d], s) for d, s in zip(dims, index_shapes, strict=True))
    return IndexAttrs(dims=dims), (normal(draw, *shape), *(np.asarray(index) for index in indices))


@st.composite
def index_put_cases(draw: DrawFn) -> Case:
    """No position twice where it replaces; values of a shape that broadcasts to what is picked."""
    shape = draw(shapes(1, 4))
    accumulate = draw(st.booleans())
    order = draw(st.permutations(range(len(shape))))
    dims = tuple(sorted(order[: draw(st.integers(1, len(shape)))]))
    count = draw(st.integers(1, 4 if accumulate else min(4, *(shape[d] for d in dims))))
    places = [generator(draw).permutation(shape[d])[:count] for d in dims]
    if accumulate:
        places = [generator(draw).integers(0, shape[d], count) for d in dims]
    picked = np.zeros(shape)[tuple(dict(zip(dims, places, strict=True)).get(d, slice(None)) for d in range(len(shape)))]
    values = tuple(1 if draw(st.booleans()) else size for size in picked.shape)
    attrs = IndexPutAttrs(dims=dims, accumulate=accumulate)
    return attrs, (normal(draw, *shape), normal(draw, *values[draw(st.integers(0, len(values))) :]), *places)


@st.composite
def places(draw: DrawFn, *, twice: bool) -> tuple[Any, int, Any]:
    """Shape of x, dimension, and an index no larger than x; one place is named several times only where allowed."""
    shape = draw(shapes())
    dim = draw(st.integers(0, len(shape) - 1))
    sizes = tuple(draw(st.integers(1, size)) for size in shape)
    if twice:
        return shape, dim, generator(draw).integers(0, shape[dim], sizes)
    ordered = np.argsort(generator(draw).random(shape), axis=dim)
    return shape, dim, ordered[tuple(map(slice, sizes))]


@st.composite
def scatter_cases(draw: DrawFn) -> Case:
    shape, dim, index = draw(places(twice=False))
    value = draw(st.sampled_from([None, 0.5]))
    src = normal(draw, *index.shape) if value is None else None
    return ScatterAttrs(dim=dim, value=value), (normal(draw, *shape), index, src)


@st.composite
def scatter_add_cases(draw: DrawFn) -> Case:
    shape, dim, index = draw(places(twice=True))
    return GatherAttrs(dim=dim), (normal(draw, *shape), index, normal(draw, *index.shape))


@st.composite
def index_copy_cases(draw: DrawFn) -> Case:
    shape = draw(shapes())
    dim = draw(st.integers(0, len(shape) - 1))
    index = generator(draw).permutation(shape[dim])[: draw(st.integers(1, shape[dim]))]
    src = normal(draw, *shape[:dim], len(index), *shape[dim + 1 :])
    return GatherAttrs(dim=dim), (normal(draw, *shape), index, src)


@st.composite
def index_add_cases(draw: DrawFn) -> Case:
    shape = draw(shapes())
    dim = draw(st.integers(0, len(shape) - 1))
    index = generator(draw).integers(0, shape[dim], draw(st.integers(1, 6)))
    src = normal(draw, *shape[:dim], len(index), *shape[dim + 1 :])
    return IndexAddAttrs(dim=dim, alpha=draw(st.sampled_from([1, -0.5]))), (normal(draw, *shape), index, src)


@st.composite
def scatter_reduce_cases(draw: DrawFn) -> Case:
    """Products of numbers that are not near zero; extremes of distinct ones."""
    shape = draw(shapes(1, 3))
    dim = draw(st.integers(0, len(shape) - 1))
    read = tuple(draw(st.integers(1, size + (3 if at == dim else 0))) for at, size in enumerate(shape))
    larger = tuple(size + draw(st.integers(0, 1)) for size in read)
    attrs = ScatterReduceAttrs(
        dim=dim,
        reduce=draw(st.sampled_from(["sum", "prod", "mean", "amax", "amin"])),
        include_self=draw(st.booleans()),
    )
    values = distinct(draw, int(np.prod(shape)) + int(np.prod(larger)))
    x, src = np.split(values, [int(np.prod(shape))])
    index = generator(draw).integers(0, shape[dim], read)
    return attrs, (x.reshape(shape), index, src.reshape(larger))


@st.composite
def masked_scatter_cases(draw: DrawFn) -> Case:
    shape = draw(shapes(0, 3))
    mask = generator(draw).random([draw(st.sampled_from([1, size])) for size in shape]) < 0.5
    x = normal(draw, *shape[draw(st.integers(0, len(shape))) :])
    count = int(np.prod(np.broadcast_shapes(x.shape, mask.shape)))
    return None, (x, mask, normal(draw, count + draw(st.integers(0, 2))))


CASES = {
    "index": index_cases(),
    "index_put": index_put_cases(),
    "scatter": scatter_cases(),
    "scatter_add": scatter_add_cases(),
    "scatter_reduce": scatter_reduce_cases(),
    "masked_scatter": masked_scatter_cases(),
    "index_copy": index_copy_cases(),
    "index_add": index_add_cases(),
}
LINEAR = ["index"]
