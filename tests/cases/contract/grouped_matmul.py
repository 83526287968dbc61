import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, normal


@st.composite
def grouped_matmul_cases(draw: DrawFn) -> Case:
    """Groups of all sizes, empty ones too, that take up every row."""
    sizes = draw(st.lists(st.integers(0, 3), min_size=1, max_size=4))
    k, n = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    offsets = np.cumsum(sizes).astype(draw(st.sampled_from(["int32", "int64"])))
    return None, (normal(draw, sum(sizes), k), normal(draw, len(sizes), k, n), offsets)


CASES = {"grouped_matmul": grouped_matmul_cases()}
LINEAR = ["grouped_matmul"]
