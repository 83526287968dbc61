"""Products that are scaled and added to something, as BLAS has them."""

from __future__ import annotations

from netweight.functions.contract.products import matmul
from netweight.functions.recorder import Recorder, T
from netweight.ops.pointwise.scalar import ScalarAttrs
from netweight.ops.reduce.reduction import ReduceAttrs

# PyTorch and readers of files have them; the builder does not.
__all__: list[str] = []


def scaled(rec: Recorder, x: T, factor: float) -> T:
    """``factor * x``; nothing for a factor of one."""
    return x if factor == 1 else rec.op("mul_scalar", ScalarAttrs(value=float(factor)), x)


def plus(rec: Recorder, product: T, x: T | None, alpha: float, beta: float) -> T:
    """alpha * product + beta * x: what BLAS does after a product. Nothing is added for a ``beta`` of zero."""
    product = scaled(rec, product, alpha)
    return product if x is None or beta == 0 else rec.op("add", None, product, scaled(rec, x, beta))


def addmm(rec: Recorder, x: T, a: T, b: T, *, beta: float = 1, alpha: float = 1) -> T:
    """beta * x + alpha * a @ b, of matrices, batches of them, or a matrix and a vector."""
    return plus(rec, matmul(rec, a, b), x, alpha, beta)


def addbmm(rec: Recorder, x: T, a: T, b: T, *, beta: float = 1, alpha: float = 1) -> T:
    """beta * x + alpha times the sum of the products of a batch."""
    return plus(rec, rec.op("sum", ReduceAttrs(dims=(0,)), matmul(rec, a, b)), x, alpha, beta)
