# ruff: noqa: N803  -- arguments are called as in PyTorch's schema
"""Linear algebra: what PyTorch's own operators come down to.

PyTorch's operators also return error codes and LU factors. Error codes are zeros here, as after a call that succeeds;
LU factors, which only gradients read, are None, or the matrix itself in their place.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.functions import algebra as functions
from netweight.ops.move.rearrange import RollAttrs
from netweight.ops.reduce.reduction import ReduceAttrs
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.common import binary, over
from netweight.sources.torch.lower.move.layout import expand, same, squeeze, unsqueeze
from netweight.sources.torch.lower.pointwise.complex import adjoint
from netweight.sources.torch.lower.pointwise.complex import adjoint as turned
from netweight.sources.torch.lower.pointwise.elementwise import mul, where
from netweight.sources.torch.recorder import Recorder


def _codes(x: Tensor) -> Tensor:
    """Error codes of a call that succeeds: zeros."""
    return torch.zeros(x.shape[:-2], dtype=torch.int32)


def _factors(rec: Recorder, x: Tensor) -> tuple[Tensor | None, Tensor | None]:
    """What stands for the LU factors of a matrix, and for the order of its rows; None where nobody reads them."""
    if not rec.under_autograd:
        return None, None
    return same(rec, x), torch.zeros(x.shape[:-1], dtype=torch.int32)


def _fits(*tensors: Tensor) -> bool:
    """Whether the table's rules hold: at least matrices of something."""
    return all(tensor.dim() >= 2 and tensor.numel() > 0 for tensor in tensors)


@lowers("linalg_inv_ex")
def inverse_ex(rec: Recorder, A: Tensor, *, check_errors: bool = False) -> Any:
    """``linalg_inv_ex(Tensor A, *, bool check_errors=False) -> (Tensor inverse, Tensor info)``."""
    return (functions.inv(rec, A), _codes(A)) if _fits(A) else NotImplemented


@lowers("linalg_cholesky_ex")
def cholesky_ex(rec: Recorder, self: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """``linalg_cholesky_ex(Tensor self, *, bool upper=False, bool check_errors=False) -> (Tensor L, Tensor info)``."""
    return (cholesky(rec, self, upper), _codes(self)) if _fits(self) else NotImplemented


@lowers("cholesky")
def cholesky(rec: Recorder, self: Tensor, upper: bool = False) -> Any:
    """The upper factor is the lower one of the transposed matrix, transposed."""
    if not _fits(self):
        return NotImplemented
    if not upper:
        return functions.cholesky(rec, self)
    return adjoint(rec, functions.cholesky(rec, adjoint(rec, self)))


@lowers("cholesky_solve")
def cholesky_solve(rec: Recorder, self: Tensor, input2: Tensor, upper: bool = False) -> Any:
    """Two triangular systems."""
    factor, sides = _same_batch(rec, input2, self)
    other = adjoint(rec, factor)
    first, second = (other, factor) if upper else (factor, other)
    middle = functions.solve_triangular(rec, first, sides, upper=False)
    return functions.solve_triangular(rec, second, middle, upper=True)


@lowers("cholesky_inverse")
def cholesky_inverse(rec: Recorder, self: Tensor, upper: bool = False) -> Any:
    """Solve for the identity matrix as the right side."""
    return (
        cholesky_solve(rec, torch.eye(self.shape[-1], dtype=self.dtype), self, upper) if _fits(self) else NotImplemented
    )


@lowers("_linalg_det")
def det(rec: Recorder, A: Tensor) -> Any:
    """``_linalg_det(Tensor A) -> (Tensor result, Tensor LU, Tensor pivots)``."""
    return (functions.det(rec, A), *_factors(rec, A)) if _fits(A) else NotImplemented


@lowers("_linalg_slogdet")
def slogdet(rec: Recorder, A: Tensor) -> Any:
    """``_linalg_slogdet(Tensor A) -> (Tensor sign, Tensor logabsdet, Tensor LU, Tensor pivots)``."""
    return (*functions.slogdet(rec, A), *_factors(rec, A)) if _fits(A) else NotImplemented


@lowers("_linalg_solve_ex")
def solve_ex(
    rec: Recorder,
    A: Tensor,
    B: Tensor,
    *,
    left: bool = True,
    check_errors: bool = False,
) -> Any:
    """PyTorch's ``_linalg_solve_ex``.

    _linalg_solve_ex(Tensor A, Tensor B, *, bool left=True, bool check_errors=False) -> (Tensor result, Tensor LU,
        Tensor pivots, Tensor info)
    """
    if not _fits(A) or not B.numel():
        return NotImplemented
    vector = B.dim() == 1 or (B.dim() == A.dim() - 1 and B.shape == A.shape[:-1])
    sides = unsqueeze(rec, B, -1) if vector else B
    if vector:
        left = True
    if not left:
        A, sides = adjoint(rec, A), adjoint(rec, sides)  # noqa: N806
    factors = _factors(rec, A)
    y = functions.solve(rec, *_same_batch(rec, A, sides))
    y = y if left else adjoint(rec, y)
    return squeeze(rec, y, -1) if vector else y, *factors, _codes(A)


@lowers("linalg_lu_solve")
def lu_solve(rec: Recorder, LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False) -> Any:
    """The system of the matrix that stands for its factors: eliminated again, which PyTorch has done before."""
    if not left or not _fits(LU, B):
        return NotImplemented
    rec.recording.note("a linear system whose factors PyTorch kept is counted as solved anew")
    return functions.solve(rec, *_same_batch(rec, turned(rec, LU) if adjoint else LU, B))


@lowers("linalg_solve_triangular")
def solve_triangular(
    rec: Recorder,
    self: Tensor,
    B: Tensor,
    *,
    upper: bool,
    left: bool = True,
    unitriangular: bool = False,
) -> Any:
    """PyTorch's ``linalg_solve_triangular``.

    linalg_solve_triangular(Tensor self, Tensor B, *, bool upper, bool left=True, bool unitriangular=False) ->
        Tensor
    """
    if not _fits(self, B):
        return NotImplemented
    if not left:
        turned = [adjoint(rec, part) for part in (self, B)]
        return adjoint(rec, solve_triangular(rec, *turned, upper=not upper, unitriangular=unitriangular))
    same = _same_batch(rec, self, B)
    return functions.solve_triangular(rec, *same, upper=upper, unitriangular=unitriangular)


@lowers("triangular_solve")
def triangular_solve(
    rec: Recorder, self: Tensor, A: Tensor, upper: bool = True, transpose: bool = False,
    unitriangular: bool = False,
) -> Any:  # fmt: skip
    """PyTorch's ``triangular_solve``.

    triangular_solve(Tensor self, Tensor A, bool upper=True, bool transpose=False, bool unitriangular=False) ->
        (Tensor solution, Tensor cloned_coefficient)
    """
    if not _fits(self, A):
        return NotImplemented
    matrix = adjoint(rec, A) if transpose else A
    return solve_triangular(rec, matrix, self, upper=upper != transpose, unitriangular=unitriangular), A


@lowers("linalg_qr")
def qr(rec: Recorder, A: Tensor, mode: str = "reduced") -> Any:
    """``linalg_qr(Tensor A, str mode="reduced") -> (Tensor Q, Tensor R)``."""
    return (
        NotImplemented
        if mode == "r" or not _fits(A)
        else functions.qr(rec, A, "complete" if mode == "complete" else "reduced")
    )


@lowers("_linalg_eigh")
def eigh(rec: Recorder, A: Tensor, UPLO: str = "L", compute_v: bool = True) -> Any:
    """``_linalg_eigh(Tensor A, str UPLO="L", bool compute_v=True) -> (Tensor eigenvalues, Tensor eigenvectors)``."""
    if not _fits(A):
        return NotImplemented
    if compute_v:
        return functions.eigh(rec, A, _triangle(UPLO))
    return functions.eigvalsh(rec, A, _triangle(UPLO)), torch.empty(0, dtype=A.dtype)


@lowers("_linalg_svd")
def svd(
    rec: Recorder,
    A: Tensor,
    full_matrices: bool = False,
    compute_uv: bool = True,
    *,
    driver: str | None = None,
) -> Any:
    """PyTorch's ``_linalg_svd``.

    _linalg_svd(Tensor A, bool full_matrices=False, bool compute_uv=True, *, str? driver=None) -> (Tensor U,
        Tensor S, Tensor Vh)
    """
    if not _fits(A):
        return NotImplemented
    if compute_uv:
        return functions.svd(rec, A, full_matrices)
    none = torch.empty(0, dtype=A.dtype)
    return none, functions.svdvals(rec, A), none


@lowers("linalg_pinv.atol_rtol_tensor")
def pinv(
    rec: Recorder, self: Tensor, *, atol: Tensor | None = None, rtol: Tensor | None = None, hermitian: bool = False
) -> Any:
    """V diag(1 / s) Uᴴ, where s is above the larger of both bounds."""
    if hermitian or not _fits(self):
        return NotImplemented
    u, s, vh = svd(rec, self)
    relative = torch.finfo(s.dtype).eps * max(self.shape[-2:]) if rtol is None else rtol
    first = rec.op("amax", ReduceAttrs(dims=(s.dim() - 1,), keepdim=True), s)
    bound = mul(rec, first, relative)
    bound = bound if atol is None else binary(rec, "maximum", bound, atol)
    inverse = where(rec, binary(rec, "gt", s, bound), rec.op("reciprocal", None, s), torch.zeros((), dtype=s.dtype))
    return rec.op("matmul", None, mul(rec, adjoint(rec, vh), unsqueeze(rec, inverse, -2)), adjoint(rec, u))


@lowers("linalg_svdvals")
def svdvals(rec: Recorder, A: Tensor, *, driver: str | None = None) -> Any:
    """Singular values alone: PyTorch would also compute the vectors, for a gradient."""
    return functions.svdvals(rec, A) if _fits(A) else NotImplemented


@lowers("linalg_eigvalsh")
def eigvalsh(rec: Recorder, self: Tensor, UPLO: str = "L") -> Any:
    """``linalg_eigvalsh(Tensor self, str UPLO="L") -> Tensor``."""
    return functions.eigvalsh(rec, self, _triangle(UPLO)) if _fits(self) else NotImplemented


@lowers("linalg_cross")
def cross(rec: Recorder, self: Tensor, other: Tensor, *, dim: int = -1) -> Any:
    """x1 y2 - x2 y1 and so on round the three: both operands rolled by one and by two, multiplied crosswise."""
    shape = torch.broadcast_shapes(self.shape, other.shape)
    at = dim % len(shape)
    turned = [
        [rec.op("roll", RollAttrs(shifts=(-by,), dims=(at,)), expand(rec, x, shape)) for by in (1, 2)]
        for x in (self, other)
    ]
    (x1, x2), (y1, y2) = turned
    return over(rec, mul(rec, x1, y2), "sub", mul(rec, x2, y1))


def _triangle(uplo: str) -> functions.Triangle:
    return "U" if uplo.upper() == "U" else "L"


def _same_batch(rec: Recorder, matrix: Tensor, sides: Tensor) -> tuple[Tensor, Tensor]:
    """Both stretched to the same batch."""
    batch = torch.broadcast_shapes(matrix.shape[:-2], sides.shape[:-2])
    found = [
        part if part.shape[:-2] == batch else expand(rec, part, (*batch, *part.shape[-2:])) for part in (matrix, sides)
    ]
    return found[0], found[1]
