import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, normal
from netweight.ops.contract.sparse_matmul import SparseAttrs


@st.composite
def sparse_matmul_cases(draw: DrawFn) -> Case:
    """Every layout, matrices with nothing stored too."""
    layout = draw(st.sampled_from(["coo", "csr", "csc", "bsr", "bsc"]))
    h, w = (draw(st.integers(1, 2)), draw(st.integers(1, 2))) if layout.startswith("b") else (1, 1)
    rows, columns, n = (draw(st.integers(1, 3)) for _ in range(3))
    kept = np.array(draw(st.lists(st.booleans(), min_size=rows * columns, max_size=rows * columns)))
    kept = kept.reshape(rows, columns)
    at = np.argwhere(kept if layout.endswith(("r", "o")) else kept.T).astype("int64")
    block = (h, w) if layout.startswith("b") else ()
    values, dense = normal(draw, len(at), *block), normal(draw, columns * w, n)
    attrs = SparseAttrs(shape=(rows * h, columns * w), layout=layout)
    if layout == "coo":
        return attrs, (values, at.T.copy(), None, dense)
    counts = kept.sum(axis=1 if layout.endswith("r") else 0)
    return attrs, (values, at[:, 1].copy(), np.concatenate([[0], np.cumsum(counts)]).astype("int64"), dense)


CASES = {"sparse_matmul": sparse_matmul_cases()}
LINEAR = ["sparse_matmul"]
