import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, distinct, normal, shapes
from netweight.ops.pointwise.scalar import PowScalarAttrs, ScalarAttrs
from netweight.ops.pointwise.unary import CastAttrs, ClampAttrs


@st.composite
def any_cases(draw: DrawFn) -> Case:
    return None, (normal(draw, *draw(shapes(0, 4))),)


@st.composite
def positive_cases(draw: DrawFn) -> Case:
    return None, (np.abs(normal(draw, *draw(shapes(0, 4)))) + 0.5,)


@st.composite
def stepping_cases(draw: DrawFn) -> Case:
    """Multiples of 0.04, 0.01 beside: never a whole number, nor half of one."""
    return None, (distinct(draw, *draw(shapes())) * 2,)


@st.composite
def scalar_cases(draw: DrawFn) -> Case:
    value = draw(st.sampled_from([-2, -0.5, 0.25, 3]))
    return ScalarAttrs(value=value), (np.abs(normal(draw, *draw(shapes(0, 3)))) + 0.5,)


@st.composite
def pow_scalar_cases(draw: DrawFn) -> Case:
    exponent = draw(st.sampled_from([-1.5, -1, 0, 0.5, 1, 2, 3]))
    return PowScalarAttrs(exponent=exponent), (np.abs(normal(draw, *draw(shapes(0, 3)))) + 0.5,)


@st.composite
def clamp_cases(draw: DrawFn) -> Case:
    """Bounds between the numbers drawn."""
    low, high = draw(st.sampled_from([(-0.1, 0.1), (None, 0.1), (-0.1, None), (0, 6), (0.2, -0.2)]))
    return ClampAttrs(min=low, max=high), (distinct(draw, *draw(shapes())),)


@st.composite
def cast_cases(draw: DrawFn) -> Case:
    attrs = CastAttrs(dtype=draw(st.sampled_from(["float64", "int64", "int8", "bool"])))
    return attrs, (distinct(draw, *draw(shapes())) * 2,)


CASES = {
    **{name: any_cases() for name in ("neg", "exp", "square", "sin", "cos", "erf")},
    **{name: positive_cases() for name in ("log", "sqrt", "rsqrt", "reciprocal")},
    **{name: stepping_cases() for name in ("abs", "floor", "ceil", "round", "sign")},
    **{name: scalar_cases() for name in ("add_scalar", "mul_scalar", "div_scalar", "rsub_scalar", "rdiv_scalar")},
    "pow_scalar": pow_scalar_cases(),
    "clamp": clamp_cases(),
    "cast": cast_cases(),
}
_STEPPING = ("abs", "floor", "ceil", "round", "sign", "clamp")
BATCHED = dict.fromkeys(_STEPPING, ("x",))
LINEAR = ["neg", "mul_scalar", "div_scalar"]
