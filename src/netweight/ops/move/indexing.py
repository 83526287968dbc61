"""Reading and writing by tensors of positions along several dimensions at once: ``x[:, rows, columns]``.

The tensors of positions broadcast against each other. Where the dimensions they stand for lie side by side, the
broadcast dimensions take their place; where others lie between, they come first. Negative positions count from the
end. A mask is no tensor of positions: how many elements it picks depends on its values.

Source: NumPy advanced indexing, the same as PyTorch's; torch.Tensor.index_put.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.arrays.broadcast import broadcast_shape, summed_back, unbroadcast_cost
from netweight.ops.dims import check_dims
from netweight.ops.move.gather import check_positions
from netweight.ops.reach import Mixes, Reach
from netweight.ops.table import COPIED, FREE, Array, Cost, OpDef, Wanted, free, register


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexAttrs:
    """Attributes of reading by positions.

    Attributes:
        dims: Dimensions of ``x`` that have a tensor of positions, in ascending order; the others are taken whole.
    """

    dims: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexPutAttrs(IndexAttrs):
    """Attributes of writing by positions, beside those of reading.

    Attributes:
        accumulate: Add to what is there instead of replacing it.
    """

    accumulate: bool = False


def index_shape(attrs: IndexAttrs, x: TensorSpec, *indices: TensorSpec) -> TensorSpec:
    """Broadcast shape of the positions in the place of the dimensions they stand for, or first."""
    return _picked_spec("index", attrs, x, indices)


def index_forward(attrs: IndexAttrs, x: Array, *indices: Array) -> Array:
    """x[..., i, ..., j, ...]."""
    return np.asarray(x[_key(attrs, indices)])


def index_backward(attrs: IndexAttrs, grad_y: Array, x: Array, *indices: Array) -> tuple[Array | None, ...]:
    """Each element collects the gradients of its copies."""
    grad_x = np.zeros(x.shape, grad_y.dtype)
    np.add.at(grad_x, _key(attrs, indices), grad_y)
    return grad_x, *(None for _ in indices)


def index_backward_cost(attrs: IndexAttrs, wanted: Wanted, x: TensorSpec, *indices: TensorSpec) -> Cost:
    """One add per element of ``y``."""
    return Cost(adds=product(outputs=index_shape(attrs, x, *indices).numel)) if wanted[0] else FREE


def index_reach(attrs: IndexAttrs, _x: TensorSpec, *_others: TensorSpec) -> Reach:
    """Any position along the dimensions."""
    return Mixes(attrs.dims)


def index_put_shape(attrs: IndexPutAttrs, x: TensorSpec, values: TensorSpec, *indices: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    picked = _picked_spec("index_put", attrs, x, indices).shape
    if broadcast_shape("index_put", picked, values.shape) != picked:
        raise ShapeError(f"index_put: expected values that broadcast to {picked}, got {values.shape}")
    return x


def index_put_cost(attrs: IndexPutAttrs, x: TensorSpec, _values: TensorSpec, *indices: TensorSpec) -> Cost:
    """One addition per element picked where it accumulates; replacing is free."""
    if not attrs.accumulate:
        return FREE
    return Cost(adds=product(picked=_picked_spec("index_put", attrs, x, indices).numel))


def index_put_forward(attrs: IndexPutAttrs, x: Array, values: Array, *indices: Array) -> Array:
    """``x`` with x[..., i, ..., j, ...] replaced or added to; of several for one position the last one stays."""
    y = x.copy()
    if attrs.accumulate:
        np.add.at(y, _key(attrs, indices), values.astype(x.dtype, copy=False))
    else:
        y[_key(attrs, indices)] = values
    return y


def index_put_backward(
    attrs: IndexPutAttrs, grad_y: Array, _x: Array, values: Array, *indices: Array
) -> tuple[Array | None, ...]:
    """Every value gets the gradient of where it went, as in PyTorch also one that another replaced."""
    key = _key(attrs, indices)
    grad_x = grad_y
    if not attrs.accumulate:
        grad_x = grad_y.copy()
        grad_x[key] = 0
    return grad_x, summed_back(grad_y[key], values), *(None for _ in indices)


def index_put_backward_cost(
    attrs: IndexPutAttrs, wanted: Wanted, x: TensorSpec, values: TensorSpec, *indices: TensorSpec
) -> Cost:
    """No work but the adds where ``values`` were stretched."""
    cost = COPIED if wanted[0] and not attrs.accumulate else FREE
    if not wanted[1]:
        return cost
    return cost + COPIED + unbroadcast_cost(_picked_spec("index_put", attrs, x, indices).numel, values.numel)


def _picked_spec(op: str, attrs: IndexAttrs, x: TensorSpec, indices: tuple[TensorSpec, ...]) -> TensorSpec:
    check_dims(op, x.shape, *attrs.dims)
    if len(indices) != len(attrs.dims) or not indices or list(attrs.dims) != sorted(attrs.dims):
        raise ShapeError(
            f"{op}: expected one tensor of positions per dim, dims ascending, got {len(indices)} for dims {attrs.dims}"
        )
    for index in indices:
        check_positions(op, index)
    picked = broadcast_shape(op, *(index.shape for index in indices))
    first, last = attrs.dims[0], attrs.dims[-1]
    if last - first < len(attrs.dims):  # side by side
        return TensorSpec((*x.shape[:first], *picked, *x.shape[last + 1 :]), x.dtype)
    rest = tuple(size for dim, size in enumerate(x.shape) if dim not in attrs.dims)
    return TensorSpec((*picked, *rest), x.dtype)


def _key(attrs: IndexAttrs, indices: tuple[Array, ...]) -> tuple[Any, ...]:
    """What stands in the square brackets."""
    at = dict(zip(attrs.dims, indices, strict=True))
    return tuple(at.get(dim, slice(None)) for dim in range(attrs.dims[-1] + 1))


INDEX = register(
    OpDef(
        name="index",
        kind="layout",
        attrs=IndexAttrs,
        inputs=("x", "*indices"),
        shape=index_shape,
        cost=free,
        forward=index_forward,
        backward=index_backward,
        backward_cost=index_backward_cost,
        saves=("indices",),
        reach=index_reach,
    )
)

INDEX_PUT = register(
    OpDef(
        name="index_put",
        kind="layout",
        attrs=IndexPutAttrs,
        inputs=("x", "values", "*indices"),
        shape=index_put_shape,
        cost=index_put_cost,
        forward=index_put_forward,
        backward=index_put_backward,
        backward_cost=index_put_backward_cost,
        saves=("indices",),
        reach=index_reach,
    )
)
