import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, distinct, generator, normal, shapes
from cases.pointwise.binary import broadcasting, pair_cases


@st.composite
def dividing_cases(draw: DrawFn) -> Case:
    """Either sign; the quotient is a whole number and a part between 0.1 and 0.9."""
    first, second = draw(broadcasting(2))
    rng = generator(draw)
    other = rng.choice([-1.5, -0.75, 1.25, 2.0], second)
    whole = np.broadcast_shapes(first, second)
    x = (rng.integers(-3, 3, whole) + rng.uniform(0.1, 0.9, whole)) * other  # not stretched itself
    return None, (x, other)


@st.composite
def turning_cases(draw: DrawFn) -> Case:
    """Away from the point (0, 0) and from the left of it, where the angle jumps."""
    _, (x, other) = draw(pair_cases())
    return None, (np.abs(x) + 0.5, other)


@st.composite
def any_cases(draw: DrawFn) -> Case:
    return None, (normal(draw, *draw(shapes(0, 4))),)


@st.composite
def positive_cases(draw: DrawFn) -> Case:
    return None, (np.abs(normal(draw, *draw(shapes(0, 4)))) + 0.5,)


@st.composite
def stepping_cases(draw: DrawFn) -> Case:
    return None, (distinct(draw, *draw(shapes())) * 20 + 0.003,)


@st.composite
def bits_cases(draw: DrawFn) -> Case:
    """Integers of two widths, or booleans."""
    pairs = zip(draw(broadcasting(2)), draw(st.sampled_from([("int64", "int8"), ("bool", "bool")])), strict=True)
    return None, tuple(generator(draw).integers(-100, 100, shape).astype(dtype) for shape, dtype in pairs)


@st.composite
def single_bits_cases(draw: DrawFn) -> Case:
    _, (x, _) = draw(bits_cases())
    return None, (x,)


@st.composite
def shift_cases(draw: DrawFn) -> Case:
    first, second = draw(broadcasting(2))
    rng = generator(draw)
    return None, (rng.integers(-100, 100, first), rng.integers(0, 8, second))


@st.composite
def odd_cases(draw: DrawFn) -> Case:
    """Numbers, and what is none."""
    return None, (generator(draw).choice([-1.5, 0, 2, np.nan, np.inf, -np.inf], draw(shapes(0, 4))),)


@st.composite
def inside_cases(draw: DrawFn, low: float, high: float) -> Case:
    """Numbers between two bounds."""
    return None, (low + (high - low) * generator(draw).random(draw(shapes(0, 3))),)


@st.composite
def copysign_cases(draw: DrawFn) -> Case:
    shape = draw(shapes(0, 3))
    other = tuple(draw(st.sampled_from([1, size])) for size in shape)[draw(st.integers(0, len(shape))) :]
    return None, (distinct(draw, *shape), distinct(draw, *other))


CASES = {
    **{name: dividing_cases() for name in ("floor_divide", "remainder", "fmod")},
    "atan2": turning_cases(),
    "logaddexp": pair_cases(),
    **{name: any_cases() for name in ("exp2", "expm1", "atan", "sinh", "cosh")},
    **{name: positive_cases() for name in ("log2", "log10", "log1p")},
    **{name: inside_cases(-0.9, 0.9) for name in ("tan", "asin", "acos")},
    "trunc": stepping_cases(),
    **{name: bits_cases() for name in ("bitwise_and", "bitwise_or", "bitwise_xor")},
    **{name: shift_cases() for name in ("bitwise_left_shift", "bitwise_right_shift")},
    "bitwise_not": single_bits_cases(),
    **{name: odd_cases() for name in ("isnan", "isinf", "isfinite")},
    "asinh": inside_cases(-2, 2),
    "acosh": inside_cases(1.5, 4),
    "atanh": inside_cases(-0.8, 0.8),
    "copysign": copysign_cases(),
}
BATCHED = {"trunc": ("x",)}
