"""Decompositions of matrices, the last two dimensions: QR, eigenvalues of symmetric matrices, singular values.

Shapes, with k = min(m, n)
    qr    x (*batch, m, n)  q (*batch, m, k) and r (*batch, k, n); complete q (*batch, m, m) and r (*batch, m, n)
    eigh  x (*batch, n, n)  values (*batch, n) in rising order, vectors (*batch, n, n); values alone without vectors
    svd   x (*batch, m, n)  u (*batch, m, k), s (*batch, k), vh (*batch, k, n); full u (m, m), vh (n, n); or s alone

QR by Householder reflections is counted exactly. Eigenvalues and singular values come from iterations whose number
depends on the matrix: their counts are the established estimates, half of the operations multiplications. For n
symmetric rows 4 n³ / 3 operations, 9 n³ with vectors; for m >= n the singular values take 4 m n² - 4 n³ / 3, with
reduced vectors 14 m n² + 8 n³, with full ones 4 m² n + 8 m n² + 9 n³.

Source: torch.linalg.qr, eigh, eigvalsh, svd, svdvals; Golub & Van Loan, Matrix Computations, 4th edition, sections 5.2,
8.3 and 8.6.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.algebra.fourier import real_of
from netweight.ops.algebra.linear_algebra import check_square, matrices, register_matrix, work
from netweight.ops.algebra.spectral_gradients import (
    eigh_backward,
    eigh_backward_cost,
    eigvalsh_backward,
    eigvalsh_backward_cost,
    qr_backward,
    qr_backward_cost,
    svd_backward,
    svd_backward_cost,
    svdvals_backward,
    svdvals_backward_cost,
)  # fmt: skip
from netweight.ops.table import Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class QrAttrs:
    """Attributes of a QR decomposition.

    Attributes:
        complete: A square q, else as many columns as count.
    """

    complete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EighAttrs:
    """Attributes of the eigenvalues of a symmetric matrix.

    Attributes:
        upper: The triangle above the diagonal is read, else the one below.
    """

    upper: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SvdAttrs:
    """Attributes of a singular value decomposition.

    Attributes:
        full: Square u and vh, else as many vectors as values.
    """

    full: bool = False


def _sizes(op: str, x: TensorSpec) -> tuple[int, int, int]:
    if len(x.shape) < 2:
        raise ShapeError(f"{op}: expected matrices (..., m, n), got {x.shape}")
    m, n = x.shape[-2:]
    return m, n, min(m, n)


def _real(x: TensorSpec) -> str:
    return real_of(x.dtype) if x.dtype.startswith("complex") else x.dtype


def qr_shape(attrs: QrAttrs, x: TensorSpec) -> tuple[TensorSpec, TensorSpec]:
    """Orthogonal columns, and a triangle."""
    m, n, k = _sizes("qr", x)
    columns = m if attrs.complete else k
    return TensorSpec((*x.shape[:-2], m, columns), x.dtype), TensorSpec((*x.shape[:-2], columns, n), x.dtype)


def qr_cost(attrs: QrAttrs, x: TensorSpec) -> Cost:
    """Reflections: for each its length and direction, and a dot product and an update per column of r and of q."""
    m, n, k = _sizes("qr", x)
    columns = m if attrs.complete else k
    muls = adds = divs = 0
    for step in range(k):
        length = m - step
        updated = (n - step - 1) + (columns - step)
        muls += length + updated * (2 * length + 1)
        adds += length + updated * (2 * length - 1)
        divs += length
    return work(matrices(x), muls=muls, adds=adds, divs=divs, sqrts=k)


def qr_forward(attrs: QrAttrs, x: Array) -> tuple[Array, Array]:
    """q r = x."""
    q, r = np.linalg.qr(x, mode="complete" if attrs.complete else "reduced")
    return q, r


def eigh_shape(_attrs: EighAttrs, x: TensorSpec) -> tuple[TensorSpec, TensorSpec]:
    """Values and vectors."""
    check_square("eigh", x)
    return TensorSpec(x.shape[:-1], _real(x)), x


def eigh_cost(_attrs: EighAttrs, x: TensorSpec) -> Cost:
    """9 n³ operations."""
    n = x.shape[-1]
    return work(matrices(x), muls=(9 * n**3 + 1) // 2, adds=9 * n**3 // 2)


def eigh_forward(attrs: EighAttrs, x: Array) -> tuple[Array, Array]:
    """x v = v diag(values)."""
    values, vectors = np.linalg.eigh(x, UPLO="U" if attrs.upper else "L")
    return values, vectors


def eigvalsh_shape(attrs: EighAttrs, x: TensorSpec) -> tuple[TensorSpec, TensorSpec]:
    """The values, and the vectors that their gradient reads."""
    check_square("eigvalsh", x)
    return eigh_shape(attrs, x)


def eigvalsh_cost(_attrs: EighAttrs, x: TensorSpec) -> Cost:
    """4 n³ / 3 operations."""
    half = -(-2 * x.shape[-1] ** 3 // 3)
    return work(matrices(x), muls=half, adds=half)


def svd_shape(attrs: SvdAttrs, x: TensorSpec) -> tuple[TensorSpec, TensorSpec, TensorSpec]:
    """Left vectors as columns, values, right vectors as rows."""
    m, n, k = _sizes("svd", x)
    left, right = (m, n) if attrs.full else (k, k)
    batch = x.shape[:-2]
    return (
        TensorSpec((*batch, m, left), x.dtype),
        TensorSpec((*batch, k), _real(x)),
        TensorSpec((*batch, right, n), x.dtype),
    )


def svd_cost(attrs: SvdAttrs, x: TensorSpec) -> Cost:
    """14 m n² + 8 n³ operations for the longer side m and the shorter n; 4 m² n + 8 m n² + 9 n³ for full vectors."""
    m, n = sorted(x.shape[-2:], reverse=True)
    total = 4 * m * m * n + 8 * m * n * n + 9 * n**3 if attrs.full else 14 * m * n * n + 8 * n**3
    return work(matrices(x), muls=(total + 1) // 2, adds=total // 2)


def svd_forward(attrs: SvdAttrs, x: Array) -> tuple[Array, Array, Array]:
    """u diag(s) vh = x, the largest value first."""
    u, s, vh = np.linalg.svd(x, full_matrices=attrs.full)
    return u, s, vh


def svdvals_shape(_attrs: None, x: TensorSpec) -> tuple[TensorSpec, TensorSpec, TensorSpec]:
    """The values, and the vectors that their gradient reads."""
    m, n, k = _sizes("svdvals", x)
    batch = x.shape[:-2]
    return (
        TensorSpec((*batch, k), _real(x)), TensorSpec((*batch, m, k), x.dtype), TensorSpec((*batch, k, n), x.dtype),
    )  # fmt: skip


def svdvals_cost(_attrs: None, x: TensorSpec) -> Cost:
    """4 m n² - 4 n³ / 3 operations for the longer side m and the shorter n."""
    m, n = sorted(x.shape[-2:], reverse=True)
    half = -(-(6 * m * n * n - 2 * n**3) // 3)
    return work(matrices(x), muls=half, adds=half)


def svdvals_forward(_attrs: None, x: Array) -> tuple[Array, Array, Array]:
    """The values, the largest first, and the vectors."""
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    return s, u, vh


QR = register_matrix(
    "qr", attrs=QrAttrs, shape=qr_shape, cost=qr_cost, forward=qr_forward, backward=qr_backward,
    backward_cost=qr_backward_cost, saves=("x", "y", "y1"),
)  # fmt: skip
EIGH = register_matrix(
    "eigh", attrs=EighAttrs, shape=eigh_shape, cost=eigh_cost, forward=eigh_forward, backward=eigh_backward,
    backward_cost=eigh_backward_cost, saves=("y", "y1"),
)  # fmt: skip
EIGVALSH = register_matrix(
    "eigvalsh", attrs=EighAttrs, shape=eigvalsh_shape, cost=eigvalsh_cost, forward=eigh_forward,
    backward=eigvalsh_backward, backward_cost=eigvalsh_backward_cost, saves=("vectors",), extras=("vectors",),
)  # fmt: skip
SVD = register_matrix(
    "svd", attrs=SvdAttrs, shape=svd_shape, cost=svd_cost, forward=svd_forward, backward=svd_backward,
    backward_cost=svd_backward_cost, saves=("y", "y1", "y2"),
)  # fmt: skip
SVDVALS = register_matrix(
    "svdvals", attrs=None, shape=svdvals_shape, cost=svdvals_cost, forward=svdvals_forward,
    backward=svdvals_backward, backward_cost=svdvals_backward_cost, saves=("u", "vh"), extras=("u", "vh"),
)  # fmt: skip
