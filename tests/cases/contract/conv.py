import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, normal
from netweight.ops.contract.conv import ConvAttrs


@st.composite
def conv_cases(draw: DrawFn) -> Case:
    """Every attribute crossed with every other, one to three dimensions, asymmetric padding in any mode."""
    dims = draw(st.integers(1, 3))
    small = st.integers(1, 3 if dims < 3 else 2)
    kernel, stride, dilation = (tuple(draw(small) for _ in range(dims)) for _ in range(3))
    mode = draw(st.sampled_from(["zeros", "reflect", "replicate", "circular"]))
    padding = tuple((draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in range(dims))
    groups = draw(st.integers(1, 3))
    sizes = []
    for k, d, pad in zip(kernel, dilation, padding, strict=True):
        least = max(1, d * (k - 1) + 1 - sum(pad), max(pad) + 1 if mode in ("reflect", "circular") else 1)
        sizes.append(draw(st.integers(least, max(least, 7 if dims < 3 else 4))))
    attrs = ConvAttrs(stride=stride, padding=padding, dilation=dilation, groups=groups, padding_mode=mode)
    c_in, c_out = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    x = normal(draw, draw(st.integers(1, 2)), c_in, *sizes)
    weight = normal(draw, c_out, c_in // groups, *kernel)
    bias = normal(draw, c_out) if draw(st.booleans()) else None
    return attrs, (x, weight, bias)


CASES = {"conv": conv_cases()}
BATCHED = {"conv": ("x",)}
LINEAR = ["conv"]
