"""Linear algebra of matrices, the last two dimensions, and Fourier transforms along any."""

from __future__ import annotations

from typing import Literal

from netweight.functions.recorder import Recorder, T, from_front
from netweight.ops.algebra.fourier import FftAttrs, FftNorm, RfftAttrs
from netweight.ops.algebra.fourier_real import IrfftAttrs
from netweight.ops.algebra.linear_algebra import TriangularAttrs
from netweight.ops.algebra.spectral import EighAttrs, QrAttrs, SvdAttrs

FftDims = int | tuple[int, ...]
Norm = FftNorm
Triangle = Literal["L", "U"]
QrMode = Literal["reduced", "complete"]


def cholesky(rec: Recorder, x: T) -> T:
    """The lower triangle L of L Lᴴ = x."""
    return rec.op("cholesky", None, x)


def inv(rec: Recorder, x: T) -> T:
    """The inverse."""
    return rec.op("inverse", None, x)


def det(rec: Recorder, x: T) -> T:
    """The determinant."""
    return rec.op("det", None, x)


def slogdet(rec: Recorder, x: T) -> tuple[T, T]:
    """Sign of the determinant, and the logarithm of its size."""
    sign, size = rec.op("slogdet", None, x)
    return sign, size


def solve(rec: Recorder, x: T, b: T) -> T:
    """y of x y = b, matrices of as many rows."""
    return rec.op("solve", None, x, b)


def solve_triangular(rec: Recorder, x: T, b: T, *, upper: bool, unitriangular: bool = False) -> T:
    """y of x y = b for a triangle x, whose other side is not read."""
    return rec.op("solve_triangular", TriangularAttrs(upper=upper, unitriangular=unitriangular), x, b)


def qr(rec: Recorder, x: T, mode: QrMode = "reduced") -> tuple[T, T]:
    """Orthogonal columns, and a triangle."""
    q, r = rec.op("qr", QrAttrs(complete=mode == "complete"), x)
    return q, r


def eigh(rec: Recorder, x: T, uplo: Triangle = "L") -> tuple[T, T]:
    """Eigenvalues of a symmetric matrix in rising order, and its eigenvectors."""
    values, vectors = rec.op("eigh", EighAttrs(upper=uplo == "U"), x)
    return values, vectors


def eigvalsh(rec: Recorder, x: T, uplo: Triangle = "L") -> T:
    """Eigenvalues of a symmetric matrix in rising order."""
    return rec.op("eigvalsh", EighAttrs(upper=uplo == "U"), x)


def svd(rec: Recorder, x: T, full_matrices: bool = True) -> tuple[T, T, T]:
    """Left vectors as columns, singular values, right vectors as rows."""
    u, s, vh = rec.op("svd", SvdAttrs(full=full_matrices), x)
    return u, s, vh


def svdvals(rec: Recorder, x: T) -> T:
    """Singular values, the largest first."""
    return rec.op("svdvals", None, x)


def fft(rec: Recorder, x: T, dim: FftDims = -1, norm: Norm = "backward") -> T:
    """Discrete Fourier transform, complex."""
    return rec.op("fft", FftAttrs(dims=from_front(rec, x, dim), norm=norm), x)


def ifft(rec: Recorder, x: T, dim: FftDims = -1, norm: Norm = "backward") -> T:
    """The transform back, complex."""
    return rec.op("fft", FftAttrs(dims=from_front(rec, x, dim), norm=norm, inverse=True), x)


def rfft(rec: Recorder, x: T, dim: FftDims = -1, norm: Norm = "backward") -> T:
    """Transform of real numbers: n // 2 + 1 of n along the last of the dimensions, which say all."""
    return rec.op("rfft", RfftAttrs(dims=from_front(rec, x, dim), norm=norm), x)


def irfft(rec: Recorder, x: T, size: int | None = None, dim: FftDims = -1, norm: Norm = "backward") -> T:
    """The transform back to real numbers: ``size`` of them along the last of the dimensions, even unless told."""
    dims = from_front(rec, x, dim)
    size = 2 * (rec.spec(x).shape[dims[-1]] - 1) if size is None else size
    return rec.op("irfft", IrfftAttrs(dims=dims, norm=norm, size=size), x)
