import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, normal, shapes
from netweight.ops.pointwise.float8 import CastFloat8Attrs

POWERS = "float8_e8m0fnu"
OTHERS = ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz")


@st.composite
def cast_float8_cases(draw: DrawFn) -> Case:
    dtype = draw(st.sampled_from([POWERS, *OTHERS]))
    rounding = draw(st.sampled_from(["nearest", "up", "down"])) if dtype == POWERS else "nearest"
    attrs = CastFloat8Attrs(dtype=dtype, saturate=draw(st.booleans()), rounding=rounding)
    return attrs, (normal(draw, *draw(shapes(min_dims=0))) * draw(st.sampled_from([1, 1e-3, 100])),)


CASES = {"cast_float8": cast_float8_cases()}
BATCHED = {"cast_float8": ("x",)}
