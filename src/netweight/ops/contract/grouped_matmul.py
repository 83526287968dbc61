"""Rows in groups, each group times a matrix of its own: the experts of a mixture.

Shapes
    a        (rows, k), sorted by group
    b        (groups, k, n)
    offsets  (groups,), where each group ends: group g has the rows from offsets[g - 1] to offsets[g]
    y        (rows, n); zero for rows after the last group

Per group g, with its rows m:
    y       mk, kn -> mn
    grad_a  mn, kn -> mk
    grad_b  mk, mn -> kn

Source: torch.nn.functional.grouped_mm, which every fused mixture of experts comes down to.
"""

from __future__ import annotations

from collections.abc import Iterator

from netweight.count import product, total
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.fast_types import widened
from netweight.ops.extent import mixes_last
from netweight.ops.move.places import check_positions
from netweight.ops.table import FREE, Cost, Wanted, define


def grouped_matmul_shape(_attrs: None, a: TensorSpec, b: TensorSpec, offsets: TensorSpec) -> TensorSpec:
    """Rows of ``a``, columns of ``b``."""
    check_positions("grouped_matmul", offsets)
    fits = len(a.shape) == 2 and len(b.shape) == 3 and a.shape[1] == b.shape[1]
    if not fits or offsets.shape != b.shape[:1]:
        raise ShapeError(
            "grouped_matmul: expected a (rows, k), b (groups, k, n) and offsets (groups,), "
            f"got {a.shape}, {b.shape} and {offsets.shape}"
        )
    return TensorSpec((a.shape[0], b.shape[2]), a.dtype)


def grouped_matmul_cost(attrs: None, a: TensorSpec, b: TensorSpec, offsets: TensorSpec) -> Cost:
    """k MACs per element of the result, as if every row were in a group: every row meets one matrix, not all."""
    rows, n = grouped_matmul_shape(attrs, a, b, offsets).shape
    return Cost(macs=product(rows=rows, k=a.shape[1], n=n))


def grouped_matmul_forward(_attrs: None, a: Array, b: Array, offsets: Array) -> Array:
    """One product after the other."""
    y = np.zeros((a.shape[0], b.shape[2]), a.dtype)
    for group, rows in _groups(offsets):
        left, right, back = widened(a[rows], b[group], (0,))
        y[rows] = back(left @ right)
    return y


def grouped_matmul_backward(
    _attrs: None, grad_y: Array, a: Array, b: Array, offsets: Array
) -> tuple[Array, Array, Array | None]:
    """That of a product, group by group; a group without rows learns nothing."""
    grad_a, grad_b = np.zeros(a.shape, grad_y.dtype), np.zeros(b.shape, grad_y.dtype)
    for group, rows in _groups(offsets):
        grad_a[rows] = grad_y[rows] @ b[group].T
        grad_b[group] = a[rows].T @ grad_y[rows]
    return grad_a, grad_b, None


def grouped_matmul_backward_cost(
    attrs: None, wanted: Wanted, a: TensorSpec, b: TensorSpec, offsets: TensorSpec
) -> Cost:
    """As many MACs as the forward for each gradient."""
    forward = grouped_matmul_cost(attrs, a, b, offsets)
    asked = sum(wanted[:2])
    return Cost(macs=total([forward.macs] * asked)) if asked else FREE


def _groups(offsets: Array) -> Iterator[tuple[int, slice]]:
    start = 0
    for group, stop in enumerate(offsets.tolist()):
        yield group, slice(start, stop)
        start = stop


GROUPED_MATMUL = define(
    name="grouped_matmul",
    kind="matmul",
    inputs=("a", "b", "offsets"),
    shape=grouped_matmul_shape,
    cost=grouped_matmul_cost,
    forward=grouped_matmul_forward,
    backward=grouped_matmul_backward,
    backward_cost=grouped_matmul_backward_cost,
    saves={"a": ("b",), "b": ("a",), "offsets": ("a", "b")},
    extent=mixes_last,
    dims={"a": "rows k", "b": "groups k n", "y": "rows n"},
)
