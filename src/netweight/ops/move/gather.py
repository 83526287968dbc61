"""Elements picked by position, where the positions are a tensor.

Source: torch.gather, torch.index_select; ONNX GatherElements, Gather.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec, is_floating
from netweight.lazy import np
from netweight.ops.dims import check_dims
from netweight.ops.reach import Mixes, Reach
from netweight.ops.table import FREE, Array, Cost, OpDef, Wanted, free, register


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherAttrs:
    """Attributes of picking by position.

    Attributes:
        dim: Dimension of ``x`` that the positions are along.
    """

    dim: int


def check_positions(op: str, index: TensorSpec) -> None:
    """Refuse positions that are no integers."""
    if is_floating(index.dtype) or index.dtype == "bool":
        raise ShapeError(f"{op}: expected positions of an integer type, got {index.dtype}")


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


def gather_forward(attrs: GatherAttrs, x: Array, index: Array) -> Array:
    """y[i, j, k] = x[i, index[i, j, k], k] for dim 1 of three."""
    return x[everywhere(attrs, index)]


def gather_backward(attrs: GatherAttrs, grad_y: Array, x: Array, index: Array) -> tuple[Array, None]:
    """Each element collects the gradients of its copies."""
    grad_x = np.zeros(x.shape, grad_y.dtype)
    np.add.at(grad_x, everywhere(attrs, index), grad_y)
    return grad_x, None


def gather_backward_cost(attrs: GatherAttrs, wanted: Wanted, x: TensorSpec, index: TensorSpec) -> Cost:
    """One add per element of ``y``."""
    return Cost(adds=product(outputs=gather_shape(attrs, x, index).numel)) if wanted[0] else FREE


def index_select_shape(attrs: GatherAttrs, x: TensorSpec, index: TensorSpec) -> TensorSpec:
    """The size along the dimension is the number of positions."""
    check_dims("index_select", x.shape, attrs.dim)
    check_positions("index_select", index)
    if len(index.shape) != 1:
        raise ShapeError(f"index_select: expected index with one dimension, got {index.shape}")
    return TensorSpec((*x.shape[: attrs.dim], *index.shape, *x.shape[attrs.dim + 1 :]), x.dtype)


def index_select_forward(attrs: GatherAttrs, x: Array, index: Array) -> Array:
    """Whole slices of ``x``, in the order of ``index``."""
    return np.take(x, index, axis=attrs.dim)


def index_select_backward(attrs: GatherAttrs, grad_y: Array, x: Array, index: Array) -> tuple[Array, None]:
    """Each slice collects the gradients of its copies."""
    grad_x = np.zeros(x.shape, grad_y.dtype)
    where: Any = (*(slice(None),) * attrs.dim, index)
    np.add.at(grad_x, where, grad_y)
    return grad_x, None


def index_select_backward_cost(attrs: GatherAttrs, wanted: Wanted, x: TensorSpec, index: TensorSpec) -> Cost:
    """One add per element of ``y``."""
    return Cost(adds=product(outputs=index_select_shape(attrs, x, index).numel)) if wanted[0] else FREE


def gather_reach(attrs: GatherAttrs, _x: TensorSpec, _index: TensorSpec) -> Reach:
    """Any position along the dimension."""
    return Mixes((attrs.dim,))


def everywhere(attrs: GatherAttrs, index: Array) -> tuple[Any, ...]:
    """Positions in ``x`` of every element of ``index``, one array per dimension."""
    own: list[Array] = list(np.indices(index.shape, sparse=True))
    own[attrs.dim] = index
    return tuple(own)


GATHER = register(
    OpDef(
        name="gather",
        kind="layout",
        attrs=GatherAttrs,
        inputs=("x", "index"),
        shape=gather_shape,
        cost=free,
        forward=gather_forward,
        backward=gather_backward,
        backward_cost=gather_backward_cost,
        saves=("index",),
        reach=gather_reach,
    )
)

INDEX_SELECT = register(
    OpDef(
        name="index_select",
        kind="layout",
        attrs=GatherAttrs,
        inputs=("x", "index"),
        shape=index_select_shape,
        cost=free,
        forward=index_select_forward,
        backward=index_select_backward,
        backward_cost=index_select_backward_cost,
        saves=("index",),
        reach=gather_reach,
    )
)
