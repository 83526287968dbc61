"""Linear algebra of matrices, the last two dimensions, and diagonals."""

from __future__ import annotations

from typing import Literal

from netweight.ops.algebra.linear_algebra import TriangularAttrs
from netweight.ops.algebra.spectral import EighAttrs, QrAttrs, SvdAttrs
from netweight.sources.build.core import Symbol, call


def cholesky(x: Symbol, *, name: str = "cholesky") -> Symbol:
    """The lower triangle L of L Lᴴ = x."""
    return call("cholesky", None, x, name=name)


def inv(x: Symbol, *, name: str = "inv") -> Symbol:
    """The inverse."""
    return call("inverse", None, x, name=name)


def det(x: Symbol, *, name: str = "det") -> Symbol:
    """The determinant."""
    return call("det", None, x, name=name)


def slogdet(x: Symbol, *, name: str = "slogdet") -> tuple[Symbol, Symbol]:
    """Sign of the determinant, and the logarithm of its size."""
    sign, size = x.builder.call("slogdet", None, (x,), layer=x.builder.layer_name(name))
    return sign, size


def solve(x: Symbol, b: Symbol, *, name: str = "solve") -> Symbol:
    """y of x y = b, matrices of as many rows."""
    return call("solve", None, x, b, name=name)


def solve_triangular(
    x: Symbol, b: Symbol, *, upper: bool, unitriangular: bool = False, name: str = "solve_triangular"
) -> Symbol:
    """y of x y = b for a triangle x, whose other side is not read."""
    return call("solve_triangular", TriangularAttrs(upper=upper, unitriangular=unitriangular), x, b, name=name)


def qr(x: Symbol, mode: Literal["reduced", "complete"] = "reduced", *, name: str = "qr") -> tuple[Symbol, Symbol]:
    """Orthogonal columns, and a triangle."""
    attrs = QrAttrs(complete=mode == "complete")
    q, r = x.builder.call("qr", attrs, (x,), layer=x.builder.layer_name(name))
    return q, r


def eigh(x: Symbol, uplo: Literal["L", "U"] = "L", *, name: str = "eigh") -> tuple[Symbol, Symbol]:
    """Eigenvalues of a symmetric matrix in rising order, and its eigenvectors."""
    values, vectors = x.builder.call("eigh", EighAttrs(upper=uplo == "U"), (x,), layer=x.builder.layer_name(name))
    return values, vectors


def eigvalsh(x: Symbol, uplo: Literal["L", "U"] = "L", *, name: str = "eigvalsh") -> Symbol:
    """Eigenvalues of a symmetric matrix in rising order."""
    return call("eigvalsh", EighAttrs(upper=uplo == "U"), x, name=name)


def svd(x: Symbol, *, full_matrices: bool = True, name: str = "svd") -> tuple[Symbol, Symbol, Symbol]:
    """Left vectors as columns, singular values, right vectors as rows."""
    u, s, vh = x.builder.call("svd", SvdAttrs(full=full_matrices), (x,), layer=x.builder.layer_name(name))
    return u, s, vh


def svdvals(x: Symbol, *, name: str = "svdvals") -> Symbol:
    """Singular values, the largest first."""
    return call("svdvals", None, x, name=name)
