import math

import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, generator, normal
from cases.window.pool import pool_cases
from netweight.ops.window.pool_indices import PoolIndicesAttrs, UnpoolAttrs


@st.composite
def max_pool_with_indices_cases(draw: DrawFn) -> Case:
    a, inputs = draw(pool_cases())
    attrs = PoolIndicesAttrs(
        kernel_size=a.kernel_size,
        stride=a.stride,
        padding=a.padding,
        dilation=a.dilation,
        ceil_mode=a.ceil_mode,
        across_planes=draw(st.booleans()),
    )
    return attrs, inputs


@st.composite
def max_unpool_cases(draw: DrawFn) -> Case:
    """No place named twice."""
    planes = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    in_size = tuple(draw(st.integers(1, 3)) for _ in range(draw(st.integers(1, 3))))
    out_size = tuple(size + draw(st.integers(0, 3)) for size in in_size)
    places = np.argsort(generator(draw).random((*planes, math.prod(out_size))))[..., : math.prod(in_size)]
    across = draw(st.booleans())
    if across:
        places += np.arange(math.prod(planes)).reshape(*planes, 1) * math.prod(out_size)
    attrs = UnpoolAttrs(output_size=out_size, across_planes=across)
    return attrs, (normal(draw, *planes, *in_size), places.reshape(*planes, *in_size))


CASES = {"max_pool_with_indices": max_pool_with_indices_cases(), "max_unpool": max_unpool_cases()}
BATCHED = {"max_pool_with_indices": ("x",)}
LINEAR = ["max_unpool"]
