import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, normal, shapes
from netweight.ops.random.draw import RandomAttrs


@st.composite
def complex_cases(draw: DrawFn) -> Case:
    return None, (_numbers(draw, draw(shapes(0, 3))),)


@st.composite
def parts_cases(draw: DrawFn) -> Case:
    shape = draw(shapes(0, 3))
    other = tuple(draw(st.sampled_from([1, size])) for size in shape)[draw(st.integers(0, len(shape))) :]
    parts = [normal(draw, *shape), normal(draw, *other)]
    return None, tuple(parts if draw(st.booleans()) else parts[::-1])


@st.composite
def pair_cases(draw: DrawFn) -> Case:
    return None, (normal(draw, *draw(shapes(0, 3)), 2),)


@st.composite
def random_cases(draw: DrawFn) -> Case:
    kind, first, second = draw(
        st.sampled_from(
            [
                ("uniform", -1, 2),
                ("normal", 1, 2),
                ("integers", -3, 4),
                ("exponential", 2, 0),
                ("log_normal", 0, 1),
                ("cauchy", 0, 1),
                ("geometric", 0.4, 0),
            ]
        )
    )
    dtype = draw(st.sampled_from(["float32", "float64", "int64"]))
    shape = draw(shapes(0, 3))
    return RandomAttrs(shape=shape, distribution=kind, first=first, second=second, dtype=dtype), ()


def _numbers(draw: DrawFn, shape: tuple[int, ...]) -> np.ndarray:
    return np.asarray(normal(draw, *shape) + 1j * normal(draw, *shape))


CASES = {
    "complex": parts_cases(),
    "conj": complex_cases(),
    "view_as_real": complex_cases(),
    "view_as_complex": pair_cases(),
    "random": random_cases(),
}
LINEAR = ["view_as_real", "view_as_complex"]
