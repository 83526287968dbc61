import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, shapes
from netweight.ops.random.draw import RandomAttrs


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


CASES = {
    "random": random_cases(),
}
