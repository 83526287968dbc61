import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, normal, shapes


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


def _numbers(draw: DrawFn, shape: tuple[int, ...]) -> np.ndarray:
    return np.asarray(normal(draw, *shape) + 1j * normal(draw, *shape))


CASES = {
    "complex": parts_cases(),
    "conj": complex_cases(),
    "view_as_real": complex_cases(),
    "view_as_complex": pair_cases(),
}
LINEAR = ["view_as_real", "view_as_complex"]
