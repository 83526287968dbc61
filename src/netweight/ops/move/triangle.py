"""Parts of matrices, the last two dimensions of a tensor: triangles and diagonals.

Which elements are kept follows from their positions alone: nothing is compared, nothing is computed.

Source: torch.tril, torch.triu, torch.diagonal; ONNX Trilu.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.dims import check_dims
from netweight.ops.extent import Extent, Permutes, same_position
from netweight.ops.move.define import define_move
from netweight.ops.table import OpDef, copied


@dataclass(frozen=True, slots=True, kw_only=True)
class TriangleAttrs:
    """Attributes of a triangle.

    Attributes:
        diagonal: The last diagonal that belongs to it, counted to the right of the main one.
    """

    diagonal: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagonalAttrs:
    """Attributes of a diagonal.

    Attributes:
        offset: Which one, counted to the right of the main one.
        dim1: Dimension of the rows.
        dim2: Dimension of the columns.
    """

    offset: int = 0
    dim1: int = 0
    dim2: int = 1


def register_triangle(name: str, keeps: Callable[[int, int, int], Array]) -> OpDef:
    """Register a triangle by which elements it keeps.

    Args:
        name: Name in the graph.
        keeps: (rows, columns, diagonal) to an array of booleans.
    """

    def shape(_attrs: TriangleAttrs, x: TensorSpec) -> TensorSpec:
        if len(x.shape) < 2:
            raise ShapeError(f"{name}: expected x with at least two dimensions, got {x.shape}")
        return x

    def forward(attrs: TriangleAttrs, x: Array) -> Array:
        return np.where(keeps(x.shape[-2], x.shape[-1], attrs.diagonal), x, np.zeros((), x.dtype))

    def backward(attrs: TriangleAttrs, grad_y: Array, _x: Array) -> tuple[Array]:
        return (forward(attrs, grad_y),)

    return define_move(
        name=name,
        attrs=TriangleAttrs,
        shape=shape,
        forward=forward,
        backward=backward,
        backward_cost=copied,
        extent=same_position,
    )


def lower(rows: int, columns: int, diagonal: int) -> Array:
    """Up to the diagonal, and on it."""
    return np.tri(rows, columns, diagonal, dtype=bool)


def upper(rows: int, columns: int, diagonal: int) -> Array:
    """From the diagonal on."""
    return ~np.tri(rows, columns, diagonal - 1, dtype=bool)


def diagonal_shape(attrs: DiagonalAttrs, x: TensorSpec) -> TensorSpec:
    """``x`` without both dimensions, and the diagonal last."""
    check_dims("diagonal", x.shape, attrs.dim1, attrs.dim2)
    rows, columns = x.shape[attrs.dim1], x.shape[attrs.dim2]
    if not -rows < attrs.offset < columns:
        raise ShapeError(f"diagonal: expected {-rows} < offset < {columns}, got {attrs.offset} for shape {x.shape}")
    length = min(rows + min(attrs.offset, 0), columns - max(attrs.offset, 0))
    return TensorSpec((*(x.shape[dim] for dim in _kept(attrs, len(x.shape))), length), x.dtype)


def diagonal_forward(attrs: DiagonalAttrs, x: Array) -> Array:
    """The elements whose column is their row plus the offset."""
    return x.diagonal(attrs.offset, attrs.dim1, attrs.dim2)


def diagonal_backward(attrs: DiagonalAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """Zero off the diagonal."""
    grad_x = np.zeros(x.shape, grad_y.dtype)
    at = np.arange(grad_y.shape[-1])
    matrices = np.moveaxis(grad_x, (attrs.dim1, attrs.dim2), (-2, -1))  # a view
    matrices[..., at - min(attrs.offset, 0), at + max(attrs.offset, 0)] = grad_y
    return (grad_x,)


def diagonal_extent(attrs: DiagonalAttrs, x: TensorSpec) -> Extent:
    """The same position; of a diagonal, its row."""
    return Permutes((*_kept(attrs, len(x.shape)), attrs.dim1))


def _kept(attrs: DiagonalAttrs, rank: int) -> tuple[int, ...]:
    return tuple(dim for dim in range(rank) if dim not in (attrs.dim1, attrs.dim2))


TRIL = register_triangle("tril", lower)
TRIU = register_triangle("triu", upper)

DIAGONAL = define_move(
    name="diagonal",
    attrs=DiagonalAttrs,
    shape=diagonal_shape,
    forward=diagonal_forward,
    backward=diagonal_backward,
    backward_cost=copied,
    view=True,
    extent=diagonal_extent,
)
