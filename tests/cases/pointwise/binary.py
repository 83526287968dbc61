import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, distinct, generator, normal, shapes


@st.composite
def broadcasting(draw: DrawFn, count: int) -> list[tuple[int, ...]]:
    """Shapes that broadcast: some dimensions of a common one shrunk to 1, some leading ones left out."""
    whole = draw(shapes(0, 3))
    return [
        tuple(1 if draw(st.booleans()) else size for size in whole)[draw(st.integers(0, len(whole))) :]
        for _ in range(count)
    ]


@st.composite
def pair_cases(draw: DrawFn) -> Case:
    """Two tensors that broadcast; now and then one of integers."""
    first, second = draw(broadcasting(2))
    pair = [normal(draw, *first), normal(draw, *second)]
    if draw(st.sampled_from([False, False, True])):
        which = draw(st.integers(0, 1))
        pair[which] = generator(draw).integers(-3, 4, pair[which].shape)
    return None, tuple(pair)


@st.composite
def complex_cases(draw: DrawFn) -> Case:
    """Two complex tensors that broadcast, neither near zero."""
    pair = [normal(draw, *shape) + 1j * normal(draw, *shape) for shape in draw(broadcasting(2))]
    return None, tuple(np.asarray(x + np.where(abs(x) < 0.5, 1 + 1j, 0)) for x in pair)


@st.composite
def positive_cases(draw: DrawFn) -> Case:
    """Away from zero: divisors and bases."""
    _, (x, other) = draw(pair_cases())
    return None, (np.abs(x) + 1, np.abs(other) + 1)


@st.composite
def apart_cases(draw: DrawFn) -> Case:
    """No element of one is near any of the other: drawn from 0.02 i ± 0.005, shifted by that."""
    first, second = draw(broadcasting(2))
    return None, (distinct(draw, *first), distinct(draw, *second) + 0.005)


@st.composite
def level_cases(draw: DrawFn) -> Case:
    """Small whole numbers, of any type: many are equal, many are zero."""
    dtypes = [draw(st.sampled_from(["float64", "int64", "bool"])) for _ in range(2)]
    pairs = zip(draw(broadcasting(2)), dtypes, strict=True)
    return None, tuple(generator(draw).integers(-1, 2, shape).astype(dtype) for shape, dtype in pairs)


@st.composite
def single_cases(draw: DrawFn) -> Case:
    _, (x, _) = draw(level_cases())
    return None, (x,)


@st.composite
def where_cases(draw: DrawFn) -> Case:
    condition, first, second = draw(broadcasting(3))
    chosen = generator(draw).integers(0, 2, condition).astype(draw(st.sampled_from(["bool", "int64"])))
    return None, (chosen, normal(draw, *first), normal(draw, *second))


_PREDICATES = ["eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_xor"]

CASES = {
    "add": pair_cases() | complex_cases(),
    "sub": pair_cases() | complex_cases(),
    "mul": pair_cases() | complex_cases(),
    "div": positive_cases() | complex_cases(),
    "pow": positive_cases(),
    "maximum": apart_cases(),
    "minimum": apart_cases(),
    **{name: level_cases() for name in _PREDICATES},
    "logical_not": single_cases(),
    "where": where_cases(),
}
