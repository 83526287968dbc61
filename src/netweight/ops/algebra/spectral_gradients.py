"""Gradients of decompositions of matrices; complex conjugates where numbers are complex.

Source: Walter & Lehmann 2010 (arXiv:1001.1654) for QR; Giles 2008, "An extended collection of matrix derivative
results", for eigenvalues and singular values.
"""

from __future__ import annotations

from typing import Any

from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.algebra.linear_algebra import flipped, matrices, product_work, substitution, together, work
from netweight.ops.table import FREE, Cost, Wanted


def eigh_backward(_attrs: Any, grad_y: tuple[Array, Array], _x: Array, *, y: Array, y1: Array) -> tuple[Array]:
    """v (vᴴ grad_v / (w_j - w_i), on the diagonal grad_w) vᴴ, its symmetric part."""
    gaps = y[..., None, :] - y[..., :, None]
    diagonal = np.eye(y.shape[-1], dtype=bool)
    turned = flipped(y1) @ grad_y[1]
    inner = np.where(diagonal, grad_y[0][..., None, :], turned / np.where(diagonal, np.ones_like(gaps), gaps))
    grad_x = y1 @ inner @ flipped(y1)
    return ((grad_x + flipped(grad_x)) / 2,)


def eigh_backward_cost(_attrs: Any, wanted: Wanted, x: TensorSpec) -> Cost:
    """Three products; per element a difference and a quotient, and the mean of both halves."""
    n, count = x.shape[-1], matrices(x)
    return product_work(3 * count, n, n, n) + work(count, adds=2 * n * n, divs=2 * n * n) if any(wanted) else FREE


def eigvalsh_backward(_attrs: Any, grad_y: Array, _x: Array, *, vectors: Array) -> tuple[Array]:
    """v grad_w vᴴ."""
    return (vectors * grad_y[..., None, :] @ flipped(vectors),)


def eigvalsh_backward_cost(_attrs: Any, wanted: Wanted, x: TensorSpec) -> Cost:
    """A scale per element of the vectors, and a product."""
    n, count = x.shape[-1], matrices(x)
    return product_work(count, n, n, n) + work(count, muls=n * n) if any(wanted) else FREE


def svdvals_backward(_attrs: None, grad_y: Array, _x: Array, *, u: Array, vh: Array) -> tuple[Array]:
    """u grad_s vᴴ."""
    return (u * grad_y[..., None, :] @ vh,)


def svdvals_backward_cost(_attrs: None, wanted: Wanted, x: TensorSpec) -> Cost:
    """A scale per element of the left vectors, and a product."""
    m, n = x.shape[-2:]
    k = min(m, n)
    return product_work(matrices(x), m, k, n) + work(matrices(x), muls=m * k) if any(wanted) else FREE


def svd_backward(
    _attrs: Any, grad_y: tuple[Array, Array, Array], _x: Array, *, y: Array, y1: Array, y2: Array
) -> tuple[Array]:
    """Of what the vectors that belong to values do within their span, and what leads out of it.

    Vectors beyond those get no gradient: which they are is not determined.
    """
    k = y1.shape[-1]
    u, s, vh = y[..., :, :k], y1[..., None, :], y2[..., :k, :]
    grad_u, grad_s, grad_vh = grad_y[0][..., :, :k], grad_y[1], grad_y[2][..., :k, :]
    diagonal = np.eye(k, dtype=bool)
    gaps = np.where(diagonal, 1, s * s - flipped(s * s))
    of_u, of_v = flipped(u) @ grad_u, vh @ flipped(grad_vh)
    inner = (of_u - flipped(of_u)) / gaps * s + flipped(s) * ((of_v - flipped(of_v)) / gaps)
    inner = np.where(diagonal, grad_s[..., None, :], inner)
    outside_u = (grad_u - u @ of_u) / s
    outside_vh = (grad_vh - flipped(of_v) @ vh) / flipped(s)
    return ((u @ inner + outside_u) @ vh + u @ outside_vh,)


def svd_backward_cost(_attrs: Any, wanted: Wanted, x: TensorSpec) -> Cost:
    """Products within the span and out of it; differences, quotients and scales per element."""
    if not any(wanted):
        return FREE
    m, n = x.shape[-2:]
    k, count = min(m, n), matrices(x)
    products = product_work(3 * count, m, k, k) + product_work(2 * count, n, k, k) + product_work(2 * count, m, k, n)
    out = m * k + k * n
    return products + work(count, adds=4 * k * k + out + m * k + m * n, divs=2 * k * k + out, muls=2 * k * k + k)


def qr_backward(_attrs: Any, grad_y: tuple[Array, Array], x: Array, *, y: Array, y1: Array) -> tuple[Array]:
    """(grad_q + q M) r⁻ᴴ with M the lower triangle of r grad_rᴴ - grad_qᴴ q, mirrored; columns beyond m by q alone.

    Columns of a complete q beyond those that the matrix determines get no gradient.
    """
    k = min(x.shape[-2:])
    q, r, rest = y[..., :, :k], y1[..., :k, :k], x[..., :, k:]
    grad_q, grad_r, grad_rest = grad_y[0][..., :, :k], grad_y[1][..., :k, :k], grad_y[1][..., :k, k:]
    grad_q = grad_q + rest @ flipped(grad_rest)
    square = np.tril(r @ flipped(grad_r) - flipped(grad_q) @ q)
    mirrored = square + flipped(np.tril(square, -1))
    head = flipped(np.linalg.solve(r, flipped(grad_q + q @ mirrored)))
    return (np.concatenate([head, q @ grad_rest], axis=-1),)


def qr_backward_cost(_attrs: Any, wanted: Wanted, x: TensorSpec) -> Cost:
    """Products of the triangle, of q, and of the columns beyond; a triangular system with m right sides."""
    if not any(wanted):
        return FREE
    m, n = x.shape[-2:]
    k, count = min(m, n), matrices(x)
    products = product_work(count, k, k, k) + product_work(2 * count, m, k, k) + product_work(2 * count, m, k, n - k)
    return products + work(count, **together(substitution(k, m), {"adds": k * k + 2 * m * k}))
