"""Matrix product of two activations, batched and broadcast.

Shapes
    a  (*batch, m, k), or (k,): one row, left out of the result
    b  (*batch, k, n), or (k,): one column, left out of the result
    y  (*batch, m, n), the batch dimensions broadcast against each other

In the einsum strings below:
    forward  ...mk, ...kn -> ...mn
    grad_a   ...mn, ...kn -> ...mk, summed over the batch dimensions that were broadcast
    grad_b   ...mk, ...mn -> ...kn, likewise

Source: torch.matmul; ONNX MatMul.
"""

from __future__ import annotations

import math

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.broadcast import Shape, broadcast_shape, unbroadcast, unbroadcast_cost
from netweight.ops.arrays.fast_types import widened
from netweight.ops.extent import Extent, Mixes
from netweight.ops.table import FREE, Cost, Wanted, define


def matmul_shape(_attrs: None, a: TensorSpec, b: TensorSpec) -> TensorSpec:
    """Batch dimensions broadcast, then rows of ``a``, then columns of ``b``."""
    batch, m, _, n = _sizes(a.shape, b.shape)
    rows = () if len(a.shape) == 1 else (m,)
    columns = () if len(b.shape) == 1 else (n,)
    return TensorSpec((*batch, *rows, *columns), a.dtype)


def matmul_cost(_attrs: None, a: TensorSpec, b: TensorSpec) -> Cost:
    """k MACs per element of the result."""
    batch, m, k, n = _sizes(a.shape, b.shape)
    return Cost(macs=product({f"batch{i}": size for i, size in enumerate(batch)}, m=m, k=k, n=n))


def matmul_forward(_attrs: None, a: Array, b: Array) -> Array:
    """y = a b, in the type of both."""
    left, right, back = widened(a, b, (max(b.ndim - 2, 0),))
    return back(np.asarray(np.matmul(left, right)))


def matmul_backward(_attrs: None, grad_y: Array, a: Array, b: Array) -> tuple[Array, Array]:
    """grad_a = grad_y bᵀ; grad_b = aᵀ grad_y; both summed where the operand was broadcast."""
    batch, m, _, n = _sizes(a.shape, b.shape)
    left, right = _matrices(a, b)
    grad = grad_y.reshape(*batch, m, n)
    grad_a = unbroadcast(np.einsum("...mn,...kn->...mk", grad, right), left.shape)
    grad_b = unbroadcast(np.einsum("...mk,...mn->...kn", left, grad), right.shape)
    return grad_a.reshape(a.shape), grad_b.reshape(b.shape)


def matmul_backward_cost(attrs: None, wanted: Wanted, a: TensorSpec, b: TensorSpec) -> Cost:
    """As many MACs as the forward for each gradient, and adds over the batch dimensions that were broadcast."""
    batch, m, k, n = _sizes(a.shape, b.shape)
    cost = FREE
    for asked, spec, matrix in zip(wanted, (a, b), (m * k, k * n), strict=True):
        if asked:
            cost += matmul_cost(attrs, a, b) + unbroadcast_cost(math.prod(batch) * matrix, spec.numel)
    return cost


def matmul_extent(_attrs: None, a: TensorSpec, b: TensorSpec) -> Extent:
    """All positions along the inner dimension, of every operand that differs from sample to sample.

    A matrix that multiplies a batch is the same for all samples, a weight, and brings no positions of its own. Where
    both operands are batched, an element depends on a row of one and a column of the other: everything mixes.
    """
    if len(b.shape) == 1 or len(b.shape) == 2 < len(a.shape):
        return Mixes((-1,))
    if len(a.shape) == 2 < len(b.shape):
        return Mixes((-2,))
    return Mixes((-2, -1))


def _matrices(a: Array, b: Array) -> tuple[Array, Array]:
    """Both operands with two dimensions at least."""
    return (a[None, :] if a.ndim == 1 else a), (b[:, None] if b.ndim == 1 else b)


def _sizes(a: Shape, b: Shape) -> tuple[Shape, int, int, int]:
    """Batch, m, k and n; 1 for a row or column that is not there."""
    if not a or not b:
        raise ShapeError(f"matmul: expected operands with at least one dimension, got {a} and {b}")
    left, right = ((1, *a) if len(a) == 1 else a), ((*b, 1) if len(b) == 1 else b)
    if left[-1] != right[-2]:
        raise ShapeError(f"matmul: expected the last size of a to be b's second to last, got {a} and {b}")
    return broadcast_shape("matmul", left[:-2], right[:-2]), left[-2], left[-1], right[-1]


MATMUL = define(
    name="matmul",
    kind="matmul",
    inputs=("a", "b"),
    shape=matmul_shape,
    cost=matmul_cost,
    forward=matmul_forward,
    backward=matmul_backward,
    backward_cost=matmul_backward_cost,
    saves={"a": ("b",), "b": ("a",)},
    extent=matmul_extent,
    dims={"a": "*batch m k", "b": "*batch k n", "y": "*batch m n"},
)
