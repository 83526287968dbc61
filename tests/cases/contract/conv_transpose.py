import hypothesis.strategies as st
from hypothesis import assume
from hypothesis.strategies import DrawFn

from cases.draws import Case, normal
from netweight.ops.contract.conv_transpose import ConvTransposeAttrs


@st.composite
def conv_transpose_cases(draw: DrawFn) -> Case:
    """Every attribute crossed with every other, one to three dimensions, asymmetric padding."""
    dims = draw(st.integers(1, 3))
    small = st.integers(1, 3 if dims < 3 else 2)
    kernel, stride, dilation, sizes = (tuple(draw(small) for _ in range(dims)) for _ in range(4))
    padding = tuple((draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in range(dims))
    output_padding = tuple(draw(st.integers(0, max(pair) - 1)) for pair in zip(stride, dilation, strict=True))
    assume(
        all(
            (size - 1) * step + d * (k - 1) + 1 + more > sum(pad)
            for size, step, d, k, more, pad in zip(
                sizes, stride, dilation, kernel, output_padding, padding, strict=True
            )
        )
    )
    groups = draw(st.integers(1, 3))
    attrs = ConvTransposeAttrs(
        stride=stride, padding=padding, output_padding=output_padding, dilation=dilation, groups=groups
    )
    c_in, out_per_group = groups * draw(st.integers(1, 2)), draw(st.integers(1, 2))
    x = normal(draw, draw(st.integers(1, 2)), c_in, *sizes)
    weight = normal(draw, c_in, out_per_group, *kernel)
    return attrs, (x, weight, normal(draw, groups * out_per_group) if draw(st.booleans()) else None)


CASES = {"conv_transpose": conv_transpose_cases()}
BATCHED = {"conv_transpose": ("x",)}
LINEAR = ["conv_transpose"]
