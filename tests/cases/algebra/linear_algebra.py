import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, distinct, generator, normal, shapes
from netweight.ops.algebra.linear_algebra import TriangularAttrs
from netweight.ops.algebra.spectral import EighAttrs, QrAttrs, SvdAttrs
from netweight.ops.move.diagonals import StridedViewAttrs
from netweight.ops.move.triangle import DiagonalAttrs


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


def _diagonal(draw: DrawFn, rank: int, offset: int) -> DiagonalAttrs:
    first, second = draw(st.permutations(range(rank)))[:2]
    return DiagonalAttrs(offset=offset, dim1=first, dim2=second)


@st.composite
def diag_embed_cases(draw: DrawFn) -> Case:
    shape = draw(shapes(1, 3))
    return _diagonal(draw, len(shape) + 1, draw(st.integers(-2, 2))), (normal(draw, *shape),)


@st.composite
def diagonal_scatter_cases(draw: DrawFn) -> Case:
    x = normal(draw, *draw(shapes(2, 4)))
    attrs = _diagonal(draw, x.ndim, 0)
    rows, columns = x.shape[attrs.dim1], x.shape[attrs.dim2]
    offset = draw(st.integers(1 - rows, columns - 1))
    attrs = DiagonalAttrs(offset=offset, dim1=attrs.dim1, dim2=attrs.dim2)
    return attrs, (x, normal(draw, *x.diagonal(offset, attrs.dim1, attrs.dim2).shape))


@st.composite
def strided_view_cases(draw: DrawFn) -> Case:
    size = draw(shapes(0, 3, 3))
    stride = tuple(draw(st.integers(0, 4)) for _ in size)
    offset = draw(st.integers(0, 3))
    needed = offset + sum((length - 1) * step for length, step in zip(size, stride, strict=True)) + 1
    rows = draw(st.integers(1, 3))
    attrs = StridedViewAttrs(size=size, stride=stride, offset=offset)
    return attrs, (normal(draw, rows, -(-needed // rows) + draw(st.integers(0, 2))),)


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
    "diag_embed": diag_embed_cases(),
    "diagonal_scatter": diagonal_scatter_cases(),
    "strided_view": strided_view_cases(),
    "asinh": inside_cases(-2, 2),
    "acosh": inside_cases(1.5, 4),
    "atanh": inside_cases(-0.8, 0.8),
    "copysign": copysign_cases(),
}
LINEAR = ["diag_embed", "strided_view"]
# Only one triangle is read, and the gradient is that of the symmetric matrix which both make, as in PyTorch;
# vectors that the matrix does not determine get no gradient.
STRAIGHT_THROUGH = ["cholesky", "eigh", "eigvalsh", "qr", "svd"]
