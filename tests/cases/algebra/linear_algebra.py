import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, generator, normal, shapes
from netweight.ops.algebra.linear_algebra import TriangularAttrs
from netweight.ops.algebra.spectral import EighAttrs, QrAttrs, SvdAttrs


def _batch(draw: DrawFn) -> tuple[int, ...]:
    return draw(shapes(0, 2, 3))


def _regular(draw: DrawFn, batch: tuple[int, ...], n: int) -> np.ndarray:
    """Well away from singular: the diagonal outweighs its row."""
    x = normal(draw, *batch, n, n)
    return np.asarray(x + np.eye(n) * (np.abs(x).sum(axis=-1, keepdims=True) + 1) * draw(st.sampled_from([1, -1])))


@st.composite
def square_cases(draw: DrawFn) -> Case:
    return None, (_regular(draw, _batch(draw), draw(st.integers(1, 4))),)


@st.composite
def positive_cases(draw: DrawFn) -> Case:
    n = draw(st.integers(1, 4))
    x = normal(draw, *_batch(draw), n, n)
    return None, (x @ np.swapaxes(x, -1, -2) + np.eye(n),)


@st.composite
def solve_cases(draw: DrawFn) -> Case:
    batch, n, sides = _batch(draw), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    return None, (_regular(draw, batch, n), normal(draw, *batch, n, sides))


@st.composite
def triangular_cases(draw: DrawFn) -> Case:
    _, inputs = draw(solve_cases())
    return TriangularAttrs(upper=draw(st.booleans()), unitriangular=draw(st.booleans())), inputs


@st.composite
def symmetric_cases(draw: DrawFn) -> Case:
    """Eigenvalues at least 1 apart."""
    n, batch = draw(st.integers(1, 4)), _batch(draw)
    vectors = np.linalg.qr(normal(draw, *batch, n, n))[0]
    values = np.arange(n) * 2.0 + generator(draw).random(n)
    return EighAttrs(upper=draw(st.booleans())), (vectors * values @ np.swapaxes(vectors, -1, -2),)


def _matrix(draw: DrawFn) -> tuple[np.ndarray]:
    return (normal(draw, *_batch(draw), draw(st.integers(1, 4)), draw(st.integers(1, 4))),)


@st.composite
def qr_cases(draw: DrawFn) -> Case:
    return QrAttrs(complete=draw(st.booleans())), _matrix(draw)


@st.composite
def svd_cases(draw: DrawFn) -> Case:
    return SvdAttrs(full=draw(st.booleans())), _matrix(draw)


@st.composite
def svdvals_cases(draw: DrawFn) -> Case:
    return None, _matrix(draw)


CASES = {
    "cholesky": positive_cases(),
    "inverse": square_cases(),
    "det": square_cases(),
    "slogdet": square_cases(),
    "solve": solve_cases(),
    "solve_triangular": triangular_cases(),
    "eigh": symmetric_cases(),
    "eigvalsh": symmetric_cases(),
    "qr": qr_cases(),
    "svd": svd_cases(),
    "svdvals": svdvals_cases(),
}
# Only one triangle is read, and the gradient is that of the symmetric matrix which both make, as in PyTorch;
# vectors that the matrix does not determine get no gradient.
STRAIGHT_THROUGH = ["cholesky", "eigh", "eigvalsh", "qr", "svd"]
