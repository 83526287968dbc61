"""Diagonals filled in, and views by strides.

Shapes
    diag_embed        x (*rest, n)                   y with the diagonal's rows and columns as dim1 and dim2, else zeros
    diagonal_scatter  x any, src a diagonal of x     y of the shape of x
    strided_view      x any                          y of ``size``: element i is number offset + i . stride of x

Source: torch.diag_embed, torch.diagonal_scatter, torch.as_strided.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.extent import Extent, Mixes, Permutes, same_position
from netweight.ops.move.define import define_move
from netweight.ops.move.triangle import DiagonalAttrs, diagonal_backward, diagonal_forward, diagonal_shape
from netweight.ops.table import FREE, Cost, Wanted, copied


@dataclass(frozen=True, slots=True, kw_only=True)
class StridedViewAttrs:
    """Attributes of a view by strides.

    Attributes:
        size: Its sizes.
        stride: For each dimension the distance of neighbours, in elements of ``x`` in order.
        offset: The first element.
    """

    size: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int = 0


def diag_embed_shape(attrs: DiagonalAttrs, x: TensorSpec) -> TensorSpec:
    """A square matrix for each row, large enough for the diagonal."""
    rank = len(x.shape) + 1
    if rank < 2 or attrs.dim1 == attrs.dim2 or not (0 <= attrs.dim1 < rank and 0 <= attrs.dim2 < rank):
        raise ShapeError(
            f"diag_embed: expected x with a dimension, and two different dims from 0 to {rank - 1}, "
            f"got {x.shape}, {attrs.dim1} and {attrs.dim2}"
        )
    sizes = list(x.shape[:-1])
    for dim in sorted((attrs.dim1, attrs.dim2)):
        sizes.insert(dim, x.shape[-1] + abs(attrs.offset))
    return TensorSpec(tuple(sizes), x.dtype)


def diag_embed_forward(attrs: DiagonalAttrs, x: Array) -> Array:
    """Zero off the diagonal."""
    shape = diag_embed_shape(attrs, TensorSpec(x.shape)).shape
    return diagonal_backward(attrs, x, np.broadcast_to(np.zeros((), x.dtype), shape))[0]


def diag_embed_backward(attrs: DiagonalAttrs, grad_y: Array, _x: Array) -> tuple[Array]:
    """The diagonal."""
    return (diagonal_forward(attrs, grad_y),)


def diag_embed_extent(attrs: DiagonalAttrs, x: TensorSpec) -> Extent:
    """The same position; rows and columns are those of the diagonal."""
    order: list[int | None] = list(range(len(x.shape) - 1))
    for dim in sorted((attrs.dim1, attrs.dim2)):
        order.insert(dim, len(x.shape) - 1 if dim == attrs.dim1 else None)
    return Permutes(tuple(order))


def diagonal_scatter_shape(attrs: DiagonalAttrs, x: TensorSpec, src: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    expected = diagonal_shape(attrs, x).shape
    if src.shape != expected:
        raise ShapeError(f"diagonal_scatter: expected src of the diagonal's shape {expected}, got {src.shape}")
    return x


def diagonal_scatter_forward(attrs: DiagonalAttrs, x: Array, src: Array) -> Array:
    """``x`` with ``src`` on the diagonal."""
    written = diagonal_backward(attrs, np.ones(src.shape, bool), x)[0]
    return np.where(written, diagonal_backward(attrs, src.astype(x.dtype, copy=False), x)[0], x)


def diagonal_scatter_backward(attrs: DiagonalAttrs, grad_y: Array, x: Array, src: Array) -> tuple[Array, Array]:
    """To ``src`` on the diagonal, to ``x`` off it."""
    written = diagonal_backward(attrs, np.ones(src.shape, bool), x)[0]
    return np.where(written, np.zeros((), grad_y.dtype), grad_y), diagonal_forward(attrs, grad_y)


def strided_view_shape(attrs: StridedViewAttrs, x: TensorSpec) -> TensorSpec:
    """``size``."""
    if len(attrs.size) != len(attrs.stride) or min((*attrs.size, *attrs.stride, attrs.offset), default=0) < 0:
        raise ShapeError(
            f"strided_view: expected a stride for each size and none negative, got {attrs.size}, {attrs.stride}, "
            f"offset {attrs.offset}"
        )
    last = attrs.offset + sum((size - 1) * step for size, step in zip(attrs.size, attrs.stride, strict=True))
    if 0 not in attrs.size and last >= x.numel:
        raise ShapeError(f"strided_view: expected elements 0 to {x.numel - 1}, got {last} for shape {x.shape}")
    return TensorSpec(attrs.size, x.dtype)


def strided_view_forward(attrs: StridedViewAttrs, x: Array) -> Array:
    """The elements that the strides lead to."""
    elements = x.ravel()[attrs.offset :]
    strides = [step * x.itemsize for step in attrs.stride]
    return np.lib.stride_tricks.as_strided(elements, attrs.size, strides)


def strided_view_backward(attrs: StridedViewAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """Each element collects the gradients of all that see it."""
    grad_x = np.zeros(x.size, grad_y.dtype)
    np.add.at(grad_x, _places(attrs), grad_y)
    return (grad_x.reshape(x.shape),)


def strided_view_backward_cost(attrs: StridedViewAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """One addition per element seen."""
    return Cost(adds=product(seen=strided_view_shape(attrs, x).numel)) if any(wanted) else FREE


def strided_view_extent(_attrs: StridedViewAttrs, x: TensorSpec) -> Extent:
    """Any element."""
    return Mixes(tuple(range(len(x.shape))))


def _places(attrs: StridedViewAttrs) -> Array:
    places = np.array(attrs.offset)
    for size, step in zip(attrs.size, attrs.stride, strict=True):
        places = places[..., None] + step * np.arange(size)
    return places


DIAG_EMBED = define_move(
    name="diag_embed",
    attrs=DiagonalAttrs,
    shape=diag_embed_shape,
    forward=diag_embed_forward,
    backward=diag_embed_backward,
    backward_cost=copied,
    extent=diag_embed_extent,
)

DIAGONAL_SCATTER = define_move(
    name="diagonal_scatter",
    attrs=DiagonalAttrs,
    inputs=("x", "src"),
    shape=diagonal_scatter_shape,
    forward=diagonal_scatter_forward,
    backward=diagonal_scatter_backward,
    backward_cost=copied,
    extent=same_position,
)

STRIDED_VIEW = define_move(
    name="strided_view",
    attrs=StridedViewAttrs,
    shape=strided_view_shape,
    forward=strided_view_forward,
    backward=strided_view_backward,
    backward_cost=strided_view_backward_cost,
    view=True,
    extent=strided_view_extent,
)
