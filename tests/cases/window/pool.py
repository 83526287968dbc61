from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis import assume
from hypothesis.strategies import DrawFn

from cases.draws import Case, distinct, normal
from netweight.ops.arrays.windows import out_sizes
from netweight.ops.window.adaptive_pool import AdaptivePoolAttrs
from netweight.ops.window.pool import PoolAttrs
from netweight.ops.window.pool_average import AvgPoolAttrs, LpPoolAttrs


def _sizes(draw: DrawFn, kernel: Any, dilation: Any, padding: Any) -> list[int]:
    least = [max(1, d * (k - 1) + 1 - sum(pad)) for k, d, pad in zip(kernel, dilation, padding, strict=True)]
    return [draw(st.integers(low, low + 4)) for low in least]


def _triples(draw: DrawFn, count: int) -> Any:
    """``count`` tuples of small numbers, one entry per spatial dimension."""
    dims = draw(st.integers(1, 3))
    small = st.integers(1, 3 if dims < 3 else 2)
    return [tuple(draw(small) for _ in range(dims)) for _ in range(count)]


def _every_window_meets_the_input(attrs: PoolAttrs, in_size: Any) -> bool:
    """Dilated taps can step over a small input; the maximum of such a window is -inf and has no gradient."""
    window = (attrs.kernel_size, attrs.stride, attrs.padding, attrs.dilation)
    out_size = out_sizes("pool", tuple(in_size), *window, ceil_mode=attrs.ceil_mode)
    return all(
        any(0 <= at * step - before + tap * d < size for tap in range(k))
        for out, step, (before, _), d, k, size in zip(
            out_size, attrs.stride, attrs.padding, attrs.dilation, attrs.kernel_size, in_size, strict=True
        )
        for at in range(out)
    )


@st.composite
def pool_cases(draw: DrawFn) -> Case:
    kernel, stride, dilation = _triples(draw, 3)
    padding = tuple((draw(st.integers(0, k // 2)), draw(st.integers(0, k // 2))) for k in kernel)
    sizes = _sizes(draw, kernel, dilation, padding)
    attrs = PoolAttrs(
        kernel_size=kernel, stride=stride, padding=padding, dilation=dilation, ceil_mode=draw(st.booleans())
    )
    assume(_every_window_meets_the_input(attrs, sizes))
    return attrs, (distinct(draw, draw(st.integers(1, 2)), draw(st.integers(1, 2)), *sizes),)


@st.composite
def avg_pool_cases(draw: DrawFn) -> Case:
    kernel, stride = _triples(draw, 2)
    padding = tuple((draw(st.integers(0, k - 1)), draw(st.integers(0, k - 1))) for k in kernel)
    sizes = _sizes(draw, kernel, (1,) * len(kernel), padding)
    attrs = AvgPoolAttrs(
        kernel_size=kernel,
        stride=stride,
        padding=padding,
        ceil_mode=draw(st.booleans()),
        count_include_pad=draw(st.booleans()),
        divisor_override=draw(st.sampled_from([None, None, 3, -2])),
    )
    return attrs, (normal(draw, draw(st.integers(1, 2)), draw(st.integers(1, 2)), *sizes),)


@st.composite
def lp_pool_cases(draw: DrawFn) -> Case:
    """Any sign where the powers are not negative or p is 1, positive numbers elsewhere."""
    kernel, stride = _triples(draw, 2)
    sizes = _sizes(draw, kernel, (1,) * len(kernel), ((0, 0),) * len(kernel))
    p = draw(st.sampled_from([1.0, 2.0, 4.0, 3.0, 2.5]))
    attrs = LpPoolAttrs(norm_type=p, kernel_size=kernel, stride=stride, ceil_mode=draw(st.booleans()))
    x = normal(draw, draw(st.integers(1, 2)), draw(st.integers(1, 2)), *sizes)
    x = np.where(np.abs(x) < 0.1, 0.5, x)  # the root has no slope at 0
    return attrs, (x if p in (1.0, 2.0, 4.0) else np.abs(x),)


@st.composite
def adaptive_cases(draw: DrawFn) -> Case:
    """Larger, equal and smaller outputs than the input, divisors or not; distinct numbers for the maximum."""
    dims = draw(st.integers(1, 3))
    most = 7 if dims < 3 else 4
    sizes, out = ([draw(st.integers(1, most)) for _ in range(dims)] for _ in range(2))
    attrs = AdaptivePoolAttrs(output_size=tuple(out))
    return attrs, (distinct(draw, draw(st.integers(1, 2)), draw(st.integers(1, 2)), *sizes),)


CASES = {
    "adaptive_avg_pool": adaptive_cases(),
    "adaptive_max_pool": adaptive_cases(),
    "avg_pool": avg_pool_cases(),
    "lp_pool": lp_pool_cases(),
    "max_pool": pool_cases(),
    "min_pool": pool_cases(),
}
BATCHED = dict.fromkeys(CASES, ("x",))
LINEAR = ["adaptive_avg_pool", "avg_pool"]
