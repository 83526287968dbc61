import math

import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, generator, normal
from netweight.ops.arrays.windows import out_sizes
from netweight.ops.contract.deform_conv import DeformConvAttrs


@st.composite
def deform_conv_cases(draw: DrawFn) -> Case:
    """Every attribute crossed with every other; places around and beyond the input, never near an element."""
    dims = draw(st.sampled_from([2, 2, 1, 3]))
    small = st.integers(1, 3 if dims == 1 else 2)
    kernel, stride, dilation = (tuple(draw(small) for _ in range(dims)) for _ in range(3))
    padding = tuple((draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in range(dims))
    groups, offset_groups = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    least = [max(1, d * (k - 1) + 1 - sum(pad)) for k, d, pad in zip(kernel, dilation, padding, strict=True)]
    in_size = tuple(draw(st.integers(size, max(size, 5 if dims < 3 else 3))) for size in least)
    attrs = DeformConvAttrs(
        stride=stride, padding=padding, dilation=dilation, groups=groups, offset_groups=offset_groups
    )
    out_size = out_sizes("deform_conv", in_size, kernel, stride, padding, dilation)
    n, c_in, c_out = (
        draw(st.integers(1, 2)), math.lcm(groups, offset_groups) * draw(st.integers(1, 2)),
        groups * draw(st.integers(1, 2)),
    )  # fmt: skip
    rng, taps = generator(draw), offset_groups * math.prod(kernel)
    shape = (n, taps * dims, *out_size)
    offset = rng.integers(-3, 3, shape) + rng.choice([0.15, 0.35, 0.5, 0.65, 0.85], shape)
    mask = normal(draw, n, taps, *out_size) if draw(st.booleans()) else None
    bias = normal(draw, c_out) if draw(st.booleans()) else None
    return attrs, (normal(draw, n, c_in, *in_size), normal(draw, c_out, c_in // groups, *kernel), offset, mask, bias)


CASES = {"deform_conv": deform_conv_cases()}
BATCHED = {"deform_conv": ("x", "offset", "mask")}
LINEAR = ["deform_conv"]
