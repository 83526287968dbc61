"""Reading and writing slices, where the last dimension of a tensor of positions says which one.

Shapes
    gather_nd   x (*batch, *in), index (*batch, *out, k)  y (*batch, *out, *in[k:])
    scatter_nd  x (*in), index (*out, k), src (*out, *in[k:])  y as x

Negative positions count from the end. Of several slices for one place, writing keeps the last one; the others are
joined by a sum, a product, a maximum or a minimum, with what is there.

Source: ONNX GatherND, ScatterND.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.move.gather import check_positions
from netweight.ops.reach import Mixes, Reach
from netweight.ops.table import COPIED, FREE, Array, Cost, OpDef, Wanted, copied, free, not_differentiable, register


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherNdAttrs:
    """Attributes of reading slices.

    Attributes:
        batch_dims: Leading dimensions that ``x`` and ``index`` share.
    """

    batch_dims: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScatterNdReduceAttrs:
    """Attributes of joining slices with those that are there.

    Attributes:
        reduction: How they are joined.
    """

    reduction: Literal["mul", "max", "min"]


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


def gather_nd_forward(attrs: GatherNdAttrs, x: Array, index: Array) -> Array:
    """y[b, o] = x[b, index[b, o, 0], ..., index[b, o, k - 1]]."""
    return np.asarray(x[_places(attrs.batch_dims, index)])


def gather_nd_backward(attrs: GatherNdAttrs, grad_y: Array, x: Array, index: Array) -> tuple[Array, None]:
    """Each element collects the gradients of its copies."""
    grad_x = np.zeros(x.shape, grad_y.dtype)
    np.add.at(grad_x, _places(attrs.batch_dims, index), grad_y)
    return grad_x, None


def gather_nd_backward_cost(attrs: GatherNdAttrs, wanted: Wanted, x: TensorSpec, index: TensorSpec) -> Cost:
    """One add per element of ``y``."""
    return Cost(adds=product(outputs=gather_nd_shape(attrs, x, index).numel)) if wanted[0] else FREE


def gather_nd_reach(attrs: GatherNdAttrs, _x: TensorSpec, index: TensorSpec) -> Reach:
    """Any position along the dimensions that are picked from."""
    return Mixes(tuple(range(attrs.batch_dims, attrs.batch_dims + index.shape[-1])))


def scatter_nd_shape(_attrs: None, x: TensorSpec, index: TensorSpec, src: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    return _check("scatter_nd", x, index, src)


def scatter_nd_forward(_attrs: None, x: Array, index: Array, src: Array) -> Array:
    """y[index[o, 0], ..., index[o, k - 1]] = src[o]."""
    y = x.copy()
    y[_places(0, index)] = src
    return y


def scatter_nd_backward(_attrs: None, grad_y: Array, _x: Array, index: Array, _src: Array) -> tuple[Array | None, ...]:
    """Every slice gets the gradient of where it went, also one that another replaced."""
    grad_x = grad_y.copy()
    grad_x[_places(0, index)] = 0
    return grad_x, None, np.asarray(grad_y[_places(0, index)])


def scatter_nd_add_shape(_attrs: None, x: TensorSpec, index: TensorSpec, src: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    return _check("scatter_nd_add", x, index, src)


def scatter_nd_add_cost(_attrs: None, _x: TensorSpec, _index: TensorSpec, src: TensorSpec) -> Cost:
    """One addition per element of ``src``."""
    return Cost(adds=product(elements=src.numel))


def scatter_nd_add_forward(_attrs: None, x: Array, index: Array, src: Array) -> Array:
    """y[index[o, 0], ..., index[o, k - 1]] += src[o]."""
    y = x.copy()
    np.add.at(y, _places(0, index), src.astype(x.dtype, copy=False))
    return y


def scatter_nd_add_backward(
    _attrs: None, grad_y: Array, _x: Array, index: Array, _src: Array
) -> tuple[Array | None, ...]:
    """The gradient itself, and every slice the gradient of where it went."""
    return grad_y, None, np.asarray(grad_y[_places(0, index)])


def scatter_nd_add_backward_cost(_attrs: None, wanted: Wanted, *_specs: TensorSpec) -> Cost:
    """No work; that of ``x`` is the gradient itself."""
    return COPIED if wanted[2] else FREE


def scatter_nd_reduce_shape(
    attrs: ScatterNdReduceAttrs, x: TensorSpec, index: TensorSpec, src: TensorSpec
) -> TensorSpec:
    """Same as ``x``."""
    if attrs.reduction not in ("mul", "max", "min"):
        raise ShapeError(f"scatter_nd_reduce: expected reduction 'mul', 'max' or 'min', got {attrs.reduction!r}")
    return _check("scatter_nd_reduce", x, index, src)


def scatter_nd_reduce_cost(attrs: ScatterNdReduceAttrs, _x: TensorSpec, _index: TensorSpec, src: TensorSpec) -> Cost:
    """One multiplication or comparison per element of ``src``."""
    work = product(elements=src.numel)
    return Cost(muls=work) if attrs.reduction == "mul" else Cost(compares=work)


def scatter_nd_reduce_forward(attrs: ScatterNdReduceAttrs, x: Array, index: Array, src: Array) -> Array:
    """Each slice joined with what is where it goes."""
    y = x.copy()
    join = {"mul": np.multiply, "max": np.maximum, "min": np.minimum}[attrs.reduction]
    join.at(y, _places(0, index), src.astype(x.dtype, copy=False))
    return y


def scatter_nd_reach(_attrs: Any, _x: TensorSpec, index: TensorSpec, _src: TensorSpec) -> Reach:
    """Any position along the dimensions that are written to."""
    return Mixes(tuple(range(index.shape[-1])))


def _check(op: str, x: TensorSpec, index: TensorSpec, src: TensorSpec) -> TensorSpec:
    check_positions(op, index)
    depth = index.shape[-1] if index.shape else 0
    wanted = (*index.shape[:-1], *x.shape[depth:])
    if not 1 <= depth <= len(x.shape) or src.shape != wanted:
        raise ShapeError(
            f"{op}: expected index (*out, k) with k from 1 to {len(x.shape)}, and src (*out, *in[k:]), "
            f"got x {x.shape}, index {index.shape} and src {src.shape}"
        )
    return x


def _places(batch_dims: int, index: Array) -> Any:
    """Positions along each dimension that is picked from, after those of the batch."""
    batch: list[Array] = list(np.indices(index.shape[:batch_dims], sparse=True))
    inner = index.ndim - 1 - batch_dims
    return (*(own.reshape(*own.shape, *(1,) * inner) for own in batch), *np.moveaxis(index, -1, 0))


GATHER_ND = register(
    OpDef(
        name="gather_nd",
        kind="layout",
        attrs=GatherNdAttrs,
        inputs=("x", "index"),
        shape=gather_nd_shape,
        cost=free,
        forward=gather_nd_forward,
        backward=gather_nd_backward,
        backward_cost=gather_nd_backward_cost,
        saves=("index",),
        reach=gather_nd_reach,
    )
)

SCATTER_ND = register(
    OpDef(
        name="scatter_nd",
        kind="layout",
        attrs=None,
        inputs=("x", "index", "src"),
        shape=scatter_nd_shape,
        cost=free,
        forward=scatter_nd_forward,
        backward=scatter_nd_backward,
        backward_cost=copied,
        saves=("index",),
        reach=scatter_nd_reach,
    )
)

SCATTER_ND_ADD = register(
    OpDef(
        name="scatter_nd_add",
        kind="reduce",
        attrs=None,
        inputs=("x", "index", "src"),
        shape=scatter_nd_add_shape,
        cost=scatter_nd_add_cost,
        forward=scatter_nd_add_forward,
        backward=scatter_nd_add_backward,
        backward_cost=scatter_nd_add_backward_cost,
        saves=("index",),
        reach=scatter_nd_reach,
    )
)

SCATTER_ND_REDUCE = register(
    OpDef(
        name="scatter_nd_reduce",
        kind="reduce",
        attrs=ScatterNdReduceAttrs,
        inputs=("x", "index", "src"),
        shape=scatter_nd_reduce_shape,
        cost=scatter_nd_reduce_cost,
        forward=scatter_nd_reduce_forward,
        backward=not_differentiable,
        backward_cost=free,
        reach=scatter_nd_reach,
    )
)
