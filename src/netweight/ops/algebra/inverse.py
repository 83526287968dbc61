"""Determinants, inverses and the Cholesky factor of square matrices, the last two dimensions.

Shapes
    cholesky  x (*batch, n, n)  y the same, a lower triangle
    inverse   x (*batch, n, n)  y the same
    det       x (*batch, n, n)  y (*batch)
    slogdet   x (*batch, n, n)  sign and log |det|, both (*batch)

Counts are those of the textbook algorithms, without the search for pivots. A determinant is Gaussian elimination and
the product of the diagonal; a Cholesky factor takes n square roots, n(n-1)/2 divisions and (n-1)n(n+1)/6
multiplications and subtractions each; Gauss-Jordan inversion n³ multiplications or divisions, here all
multiplications, and n³ - 2n² + n additions.

Source: torch.linalg.cholesky, inv, det, slogdet; ONNX Det; Golub & Van Loan, Matrix Computations, 4th edition, sections
3.2 and 4.2; Murray 2016 (arXiv:1602.07527) for the gradient of the Cholesky factor.
"""

from __future__ import annotations

from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.algebra.fourier import real_of
from netweight.ops.algebra.linear_algebra import (
    check_square,
    elimination,
    flipped,
    matrices,
    product_work,
    register_matrix,
    substitution,
    together,
    work,
)
from netweight.ops.table import FREE, Cost, Wanted


def cholesky_shape(_attrs: None, x: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    check_square("cholesky", x)
    return x


def cholesky_cost(_attrs: None, x: TensorSpec) -> Cost:
    """Roots of the diagonal, one product and subtraction per element of three nested loops, quotients below."""
    n = x.shape[-1]
    inner = (n - 1) * n * (n + 1) // 6
    return work(matrices(x), sqrts=n, divs=n * (n - 1) // 2, muls=inner, adds=inner)


def cholesky_forward(_attrs: None, x: Array) -> Array:
    """The lower triangle L of L Lᴴ = x; what lies above the diagonal of ``x`` is not read."""
    return np.linalg.cholesky(x)


def cholesky_backward(_attrs: None, grad_y: Array, _x: Array, *, y: Array) -> tuple[Array]:
    """Half of S + Sᴴ with S = L⁻ᴴ P L⁻¹, P the lower triangle of Lᴴ grad_y with half its diagonal (Murray 2016)."""
    lower = np.tril(flipped(y) @ grad_y)
    half = lower - np.eye(y.shape[-1]) * lower / 2
    inverse = np.linalg.inv(y)
    middle = flipped(inverse) @ half @ inverse
    return ((middle + flipped(middle)) / 2,)


def cholesky_backward_cost(_attrs: None, wanted: Wanted, x: TensorSpec) -> Cost:
    """A product, two triangular systems with n right sides, and the mean of both halves."""
    if not any(wanted):
        return FREE
    n, count = x.shape[-1], matrices(x)
    means = {"adds": n * n, "divs": n * n + n}
    return product_work(count, n, n, n) + work(count, **together(substitution(n, n), substitution(n, n), means))


def inverse_forward(_attrs: None, x: Array) -> Array:
    """x⁻¹."""
    return np.linalg.inv(x)


def inverse_backward(_attrs: None, grad_y: Array, _x: Array, *, y: Array) -> tuple[Array]:
    """-y' grad_y y', y' the transpose."""
    return (-flipped(y) @ grad_y @ flipped(y),)


def inverse_backward_cost(_attrs: None, wanted: Wanted, x: TensorSpec) -> Cost:
    """Two products and a change of sign."""
    n, count = x.shape[-1], matrices(x)
    return product_work(2 * count, n, n, n) + work(count, adds=n * n) if any(wanted) else FREE


def det_forward(_attrs: None, x: Array) -> Array:
    """The determinant."""
    return np.asarray(np.linalg.det(x), x.dtype)


def det_backward(_attrs: None, grad_y: Array, x: Array, *, y: Array) -> tuple[Array]:
    """grad_y y x⁻¹, transposed."""
    return ((grad_y * np.conj(y))[..., None, None] * flipped(np.linalg.inv(x)),)


def slogdet_forward(_attrs: None, x: Array) -> tuple[Array, Array]:
    """Sign of the determinant, and the logarithm of its size."""
    sign, size = np.linalg.slogdet(x)
    return np.asarray(sign, x.dtype), np.asarray(size, x.real.dtype)


def slogdet_backward(_attrs: None, grad_y: tuple[Array, Array], x: Array) -> tuple[Array]:
    """The inverse, transposed; the sign stays."""
    return (grad_y[1][..., None, None] * flipped(np.linalg.inv(x)),)


def det_backward_cost(_attrs: None, wanted: Wanted, x: TensorSpec) -> Cost:
    """A system with n right sides, as the elimination is at hand, and a product per element."""
    if not any(wanted):
        return FREE
    n = x.shape[-1]
    lower, upper = substitution(n, n, unit=True), substitution(n, n)
    return work(matrices(x), **together(lower, upper, {"muls": n * n + 1}))


def inverse_shape(_attrs: None, x: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    check_square("inverse", x)
    return x


def inverse_cost(_attrs: None, x: TensorSpec) -> Cost:
    """Gauss-Jordan inversion."""
    n = x.shape[-1]
    return work(matrices(x), muls=n**3, adds=n**3 - 2 * n * n + n)


def det_shape(_attrs: None, x: TensorSpec) -> TensorSpec:
    """One number per matrix."""
    check_square("det", x)
    return TensorSpec(x.shape[:-2], x.dtype)


def det_cost(_attrs: None, x: TensorSpec) -> Cost:
    """Elimination, and the product of the diagonal."""
    n = x.shape[-1]
    return work(matrices(x), **together(elimination(n), {"muls": max(n - 1, 0)}))


def slogdet_shape(_attrs: None, x: TensorSpec) -> tuple[TensorSpec, TensorSpec]:
    """Two numbers per matrix, the second real."""
    check_square("slogdet", x)
    real = real_of(x.dtype) if x.dtype.startswith("complex") else x.dtype
    return TensorSpec(x.shape[:-2], x.dtype), TensorSpec(x.shape[:-2], real)


def slogdet_cost(_attrs: None, x: TensorSpec) -> Cost:
    """Elimination; sign, size and logarithm of the diagonal, and the sum of these."""
    n = x.shape[-1]
    return work(matrices(x), **together(elimination(n), {"compares": 2 * n, "logs": n, "adds": max(n - 1, 0)}))


CHOLESKY = register_matrix(
    "cholesky",
    shape=cholesky_shape,
    cost=cholesky_cost,
    forward=cholesky_forward,
    backward=cholesky_backward,
    backward_cost=cholesky_backward_cost,
    saves=("y",),
)
INVERSE = register_matrix(
    "inverse",
    shape=inverse_shape,
    cost=inverse_cost,
    forward=inverse_forward,
    backward=inverse_backward,
    backward_cost=inverse_backward_cost,
    saves=("y",),
)
DET = register_matrix(
    "det",
    shape=det_shape,
    cost=det_cost,
    forward=det_forward,
    backward=det_backward,
    backward_cost=det_backward_cost,
    saves=("x", "y"),
)
SLOGDET = register_matrix(
    "slogdet",
    shape=slogdet_shape,
    cost=slogdet_cost,
    forward=slogdet_forward,
    backward=slogdet_backward,
    backward_cost=det_backward_cost,
    saves=("x",),
)
