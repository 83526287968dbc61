"""A sparse matrix times a dense one: what is not stored is not multiplied.

Shapes
    values    (stored,), or (stored, h, w) for blocks
    places    (2, stored) rows and columns for ``coo``; (stored,), the column of each element (``csr``) or block
              (``bsr``), or its row (``csc``, ``bsc``)
    pointers  None for ``coo``; where the elements of each row (``csr``, ``bsr``) or column begin, and the last ends
    dense     (k, n)
    y         (m, n)

With e for stored elements, r and c for the row and the column of each:
    y            e, en -> rn, the row c of dense for each e
    grad_values  rn, cn -> e
    grad_dense   e, rn -> cn

Source: torch.sparse.mm; the layouts are those of torch.sparse.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from netweight.count import product, total
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.extent import Mixes
from netweight.ops.move.places import check_positions
from netweight.ops.parts import COMPLEX
from netweight.ops.table import FREE, Cost, Wanted, define

Layout = Literal["coo", "csr", "csc", "bsr", "bsc"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SparseAttrs:
    """Attributes of a sparse matrix.

    Attributes:
        shape: Its rows and columns.
        layout: How it is stored.
    """

    shape: tuple[int, int]
    layout: Layout = "coo"


def sparse_matmul_shape(
    attrs: SparseAttrs, values: TensorSpec, places: TensorSpec, pointers: TensorSpec | None, dense: TensorSpec
) -> TensorSpec:
    """Rows of the sparse matrix, columns of ``dense``."""
    m, k = attrs.shape
    check_positions("sparse_matmul", places)
    coo, blocks = attrs.layout == "coo", values.shape[1:]
    expected = (2, *values.shape[:1]) if coo else values.shape[:1]
    if places.shape != expected or len(blocks) != (2 if attrs.layout.startswith("b") else 0):
        raise ShapeError(
            f"sparse_matmul: expected values and places of as many {attrs.layout} elements, "
            f"got {values.shape} and {places.shape}"
        )
    if any(size % side for size, side in zip(attrs.shape, blocks, strict=False)):
        raise ShapeError(f"sparse_matmul: expected blocks that fill {attrs.shape}, got {blocks}")
    by_rows = attrs.layout.endswith("r")
    block = 1 if not blocks else blocks[0 if by_rows else 1]
    if (pointers is None) != coo or (pointers and pointers.shape != ((m if by_rows else k) // block + 1,)):
        raise ShapeError(f"sparse_matmul: expected pointers to each row or column of {attrs.shape}, got {pointers}")
    if len(dense.shape) != 2 or dense.shape[0] != k:
        raise ShapeError(f"sparse_matmul: expected dense ({k}, n), got {dense.shape}")
    return TensorSpec((m, dense.shape[1]), dense.dtype)


def sparse_matmul_cost(
    attrs: SparseAttrs, values: TensorSpec, places: TensorSpec, pointers: TensorSpec | None, dense: TensorSpec
) -> Cost:
    """One MAC per stored element and column of ``dense``."""
    n = sparse_matmul_shape(attrs, values, places, pointers, dense).shape[1]
    return Cost(macs=product(stored=values.numel, columns=n))


def sparse_matmul_forward(
    attrs: SparseAttrs, values: Array, places: Array, pointers: Array | None, dense: Array
) -> Array:
    """Each stored element times a row of ``dense``, added to a row of ``y``."""
    rows, columns = _positions(attrs, values, places, pointers)
    y = np.zeros((attrs.shape[0], dense.shape[1]), dense.dtype)
    np.add.at(y, rows, values.reshape(-1, 1) * dense[columns])
    return y


def sparse_matmul_backward(
    attrs: SparseAttrs, grad_y: Array, values: Array, places: Array, pointers: Array | None, dense: Array
) -> tuple[Array, None, None, Array]:
    """Of a stored element the product of a row of ``grad_y`` and one of ``dense``."""
    rows, columns = _positions(attrs, values, places, pointers)
    grad_values = np.einsum("en,en->e", grad_y[rows], dense[columns].conj()).reshape(values.shape)
    grad_dense = np.zeros(dense.shape, grad_y.dtype)
    np.add.at(grad_dense, columns, values.reshape(-1, 1).conj() * grad_y[rows])
    return grad_values, None, None, grad_dense


def sparse_matmul_backward_cost(
    attrs: SparseAttrs, wanted: Wanted, values: TensorSpec, places: TensorSpec, pointers: TensorSpec | None,
    dense: TensorSpec,
) -> Cost:  # fmt: skip
    """As many MACs as the forward for the stored elements, and for ``dense``."""
    asked = wanted[0] + wanted[3]
    forward = sparse_matmul_cost(attrs, values, places, pointers, dense)
    return Cost(macs=total([forward.macs] * asked)) if asked else FREE


def dense_macs(attrs: SparseAttrs, values: TensorSpec, *others: TensorSpec | None) -> int:
    """What the product would take if every element were stored; four times as many of complex numbers."""
    dense = others[-1]
    assert dense is not None
    return math.prod(attrs.shape) * dense.shape[1] * (4 if values.dtype in COMPLEX else 1)


def _positions(attrs: SparseAttrs, values: Array, places: Array, pointers: Array | None) -> tuple[Array, Array]:
    """Row and column of each stored number."""
    if pointers is None:
        return places[0], places[1]
    others = np.repeat(np.arange(len(pointers) - 1), np.diff(pointers))
    rows, columns = (others, places) if attrs.layout.endswith("r") else (places, others)
    if values.ndim == 1:
        return rows, columns
    _, h, w = values.shape
    inside = np.broadcast_to(np.arange(h)[:, None], (h, w)), np.broadcast_to(np.arange(w), (h, w))
    parts = (h * rows[:, None, None] + inside[0], w * columns[:, None, None] + inside[1])
    return parts[0].reshape(-1), parts[1].reshape(-1)


SPARSE_MATMUL = define(
    name="sparse_matmul",
    kind="matmul",
    attrs=SparseAttrs,
    inputs=("values", "places", "pointers", "dense"),
    shape=sparse_matmul_shape,
    cost=sparse_matmul_cost,
    forward=sparse_matmul_forward,
    backward=sparse_matmul_backward,
    backward_cost=sparse_matmul_backward_cost,
    saves={
        "values": ("dense",), "dense": ("values",), "places": ("values", "dense"), "pointers": ("values", "dense"),
    },
    extent=lambda _attrs, values, *_others: Mixes(tuple(range(len(values.shape)))),
)  # fmt: skip
