import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, distinct
from netweight.ops.pool import PoolAttrs


@st.composite
def pool_cases(draw: DrawFn) -> Case:
    dims = draw(st.integers(1, 3))
    small = st.integers(1, 3 if dims < 3 else 2)
    kernel, stride, dilation = (tuple(draw(small) for _ in range(dims)) for _ in range(3))
    padding = tuple((draw(st.integers(0, k // 2)), draw(st.integers(0, k // 2))) for k in kernel)
    least = [max(1, d * (k - 1) + 1 - sum(pad)) for k, d, pad in zip(kernel, dilation, padding, strict=True)]
    sizes = [draw(st.integers(low, low + 4)) for low in least]
    attrs = PoolAttrs(
        kernel_size=kernel, stride=stride, padding=padding, dilation=dilation, ceil_mode=draw(st.booleans())
    )
    return attrs, (distinct(draw, draw(st.integers(1, 2)), draw(st.integers(1, 2)), *sizes),)


CASES = {"max_pool": pool_cases()}
BATCHED = {"max_pool": ("x",)}
