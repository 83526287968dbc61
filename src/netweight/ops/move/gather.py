"""Reading by position: elements, slices, or what several tensors of positions name together.

Shapes
    gather        y as index
    index_select  y (*before, count, *after)
    gather_nd     y (*batch, *out, *in[k:])
    index         y as ``x[:, rows, columns]``

Source: torch.gather, torch.index_select, torch.Tensor.__getitem__; ONNX GatherElements, Gather, GatherND.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.dims import check_dims
from netweight.ops.extent import Extent, Mixes
from netweight.ops.move.define import define_move
from netweight.ops.move.places import (
    GatherAttrs,
    GatherNdAttrs,
    IndexAttrs,
    check_listed,
    check_positions,
    extent_along,
    extent_of_dims,
    of_dims,
    of_each,
    of_lists,
    of_slices,
    picked_shape,
)
from netweight.ops.table import FREE, Cost, OpDef, Wanted


def gather_shape(attrs: GatherAttrs, x: TensorSpec, index: TensorSpec) -> TensorSpec:
    """That of ``index``."""
    check_dims("gather", x.shape, attrs.dim)
    check_positions("gather", index)
    larger = [dim for dim, (i, s) in enumerate(zip(index.shape, x.shape, strict=False)) if i > s and dim != attrs.dim]
    if len(index.shape) != len(x.shape) or larger:
        raise ShapeError(
            f"gather: expected index no larger than x but along dim {attrs.dim}, got {index.shape} and {x.shape}"
        )
    return TensorSpec(index.shape, x.dtype)


def index_select_shape(attrs: GatherAttrs, x: TensorSpec, index: TensorSpec) -> TensorSpec:
    """The size along the dimension is the number of positions."""
    check_listed("index_select", attrs.dim, x, index)
    return TensorSpec((*x.shape[: attrs.dim], *index.shape, *x.shape[attrs.dim + 1 :]), x.dtype)


def gather_nd_shape(attrs: GatherNdAttrs, x: TensorSpec, index: TensorSpec) -> TensorSpec:
    """A slice per list of positions."""
    check_positions("gather_nd", index)
    batch = attrs.batch_dims
    depth = index.shape[-1] if index.shape else 0
    inner = len(x.shape) - batch
    if not 0 <= batch < len(index.shape) or index.shape[:batch] != x.shape[:batch] or not 1 <= depth <= inner:
        raise ShapeError(
            f"gather_nd: expected x (*batch, *in) and index (*batch, *out, k) with {batch} batch dimensions and k "
            f"from 1 to {inner}, got {x.shape} and {index.shape}"
        )
    return TensorSpec((*index.shape[:-1], *x.shape[batch + depth :]), x.dtype)


def gather_nd_extent(attrs: GatherNdAttrs, _x: TensorSpec, index: TensorSpec) -> Extent:
    """Any position along the dimensions that are picked from."""
    return Mixes(tuple(range(attrs.batch_dims, attrs.batch_dims + index.shape[-1])))


def index_shape(attrs: IndexAttrs, x: TensorSpec, *indices: TensorSpec) -> TensorSpec:
    """Broadcast shape of the positions in the place of the dimensions they stand for, or first."""
    return TensorSpec(picked_shape("index", attrs.dims, x, indices), x.dtype)


def _reading(
    name: str,
    attrs: type,
    shape: Callable[..., TensorSpec],
    key: Callable[..., tuple[Any, ...]],
    extent: Callable[..., Extent],
    positions: str = "index",
) -> OpDef:
    """An operator that reads ``x[key]``."""

    def forward(attrs: Any, x: Array, *indices: Array) -> Array:
        """The elements, or slices, at the positions."""
        return np.array(x[key(attrs, *indices)])

    def backward(attrs: Any, grad_y: Array, x: Array, *indices: Array) -> tuple[Array | None, ...]:
        """Each element collects the gradients of its copies."""
        grad_x = np.zeros(x.shape, grad_y.dtype)
        np.add.at(grad_x, key(attrs, *indices), grad_y)
        return grad_x, *(None for _ in indices)

    def backward_cost(attrs: Any, wanted: Wanted, x: TensorSpec, *indices: TensorSpec) -> Cost:
        """One add per element of ``y``."""
        return Cost(adds=product(outputs=shape(attrs, x, *indices).numel)) if wanted[0] else FREE

    return define_move(
        name=name,
        attrs=attrs,
        inputs=("x", positions),
        shape=shape,
        forward=forward,
        backward=backward,
        backward_cost=backward_cost,
        saves=(positions.removeprefix("*"),),
        extent=extent,
    )


GATHER = _reading("gather", GatherAttrs, gather_shape, of_each, extent_along)
INDEX_SELECT = _reading("index_select", GatherAttrs, index_select_shape, of_slices, extent_along)
GATHER_ND = _reading(
    "gather_nd",
    GatherNdAttrs,
    gather_nd_shape,
    lambda attrs, index: of_lists(attrs.batch_dims, index),
    gather_nd_extent,
)
INDEX = _reading("index", IndexAttrs, index_shape, of_dims, extent_of_dims, "*indices")
