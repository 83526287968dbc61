"""Writing by position where several elements meet: their product, mean, largest or smallest.

Of equal extremes each gets the same share of the gradient, as in PyTorch.

Source: torch.scatter_reduce; ONNX ScatterElements with a reduction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.move.gather import GatherAttrs, everywhere
from netweight.ops.move.scatter import scatter_add_shape, scatter_reach
from netweight.ops.table import FREE, Array, Cost, OpDef, Wanted, register

Reduction = Literal["sum", "prod", "mean", "amax", "amin"]
_STARTS = {"sum": 0.0, "prod": 1.0, "mean": 0.0, "amax": -float("inf"), "amin": float("inf")}
_KINDS = {"sum": "adds", "prod": "muls", "mean": "adds", "amax": "compares", "amin": "compares"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScatterReduceAttrs(GatherAttrs):
    """Attributes of reducing by position, beside the dimension that the positions are along.

    Attributes:
        reduce: What becomes of the elements that meet.
        include_self: Whether the element that was there is one of them.
    """

    reduce: Reduction
    include_self: bool = True


def scatter_reduce_shape(attrs: ScatterReduceAttrs, x: TensorSpec, index: TensorSpec, src: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    if attrs.reduce not in _STARTS:
        raise ShapeError(f"scatter_reduce: expected reduce {', '.join(map(repr, _STARTS))}, got {attrs.reduce!r}")
    return scatter_add_shape(attrs, x, index, src)


def scatter_reduce_cost(attrs: ScatterReduceAttrs, x: TensorSpec, index: TensorSpec, _src: TensorSpec) -> Cost:
    """One operation per position; of a mean also the number of positions, and a division per element."""
    cost = Cost(**{_KINDS[attrs.reduce]: product(positions=index.numel)})
    if attrs.reduce == "mean":
        cost += Cost(adds=product(positions=index.numel), divs=product(elements=x.numel))
    return cost


def scatter_reduce_forward(attrs: ScatterReduceAttrs, x: Array, index: Array, src: Array) -> Array:
    """Elements that no position names stay as they are."""
    at, given = everywhere(attrs, index), src[tuple(map(slice, index.shape))].astype(x.dtype, copy=False)
    y = x.copy()
    if not attrs.include_self:
        y[at] = _start(attrs, x)
    ufunc = {"prod": np.multiply, "amax": np.maximum, "amin": np.minimum}.get(attrs.reduce, np.add)
    ufunc.at(y, at, given)
    if attrs.reduce != "mean":
        return y
    count = _count(attrs, x, index)
    mean = y // count if x.dtype.kind in "iu" else y / count.astype(x.dtype)
    return mean.astype(x.dtype, copy=False)


def scatter_reduce_backward(
    attrs: ScatterReduceAttrs, grad_y: Array, x: Array, index: Array, src: Array, *, y: Array
) -> tuple[Array, None, Array]:
    """By reduction: the gradient, its share, its product with the other factors, or that of who was picked."""
    at, part = everywhere(attrs, index), tuple(map(slice, index.shape))
    grad_src = np.zeros(src.shape, grad_y.dtype)
    if attrs.reduce in ("amax", "amin"):
        hits = np.zeros(x.shape, np.int64)
        own = x == y if attrs.include_self else _untouched(attrs, x, index)
        np.add.at(hits, at, src[part] == y[at])
        share = grad_y / np.maximum(hits + own, 1)
        grad_src[part] = share[at] * (src[part] == y[at])
        return share * own, None, grad_src
    if attrs.reduce == "prod":
        return _product_backward(attrs, grad_y, x, index, src)
    share = grad_y / _count(attrs, x, index) if attrs.reduce == "mean" else grad_y
    grad_src[part] = share[at]
    return share if attrs.include_self else share * _untouched(attrs, x, index), None, grad_src


def scatter_reduce_backward_cost(
    attrs: ScatterReduceAttrs, wanted: Wanted, x: TensorSpec, index: TensorSpec, _src: TensorSpec
) -> Cost:
    """A product or quotient per element asked for; where extremes share, comparisons and how many there are."""
    if not any(wanted):
        return FREE
    asked = product(elements=x.numel) * int(wanted[0]) + product(positions=index.numel) * int(wanted[2])
    cost = Cost(muls=asked)
    if attrs.reduce in ("amax", "amin"):
        places = product(elements=x.numel) + product(positions=index.numel)
        cost += Cost(compares=places, adds=places, divs=product(elements=x.numel))
    return cost + Cost(divs=product(elements=x.numel)) if attrs.reduce == "mean" else cost


def _start(attrs: ScatterReduceAttrs, x: Array) -> float | int:
    """What changes nothing in that reduction."""
    start = _STARTS[attrs.reduce]
    if x.dtype.kind in "iu" and abs(start) == float("inf"):
        limits = np.iinfo(x.dtype)
        return limits.min if start < 0 else limits.max
    return start


def _untouched(attrs: ScatterReduceAttrs, x: Array, index: Array) -> Array:
    """Where the element of ``x`` stays, as no position names it."""
    stays = np.ones(x.shape, bool)
    stays[everywhere(attrs, index)] = False
    return stays


def _count(attrs: ScatterReduceAttrs, x: Array, index: Array) -> Array:
    """Elements that meet; 1 where none do."""
    count = np.full(x.shape, int(attrs.include_self))
    np.add.at(count, everywhere(attrs, index), 1)
    return np.maximum(count, 1)


def _product_backward(
    attrs: ScatterReduceAttrs, grad_y: Array, x: Array, index: Array, src: Array
) -> tuple[Array, None, Array]:
    """Each factor's is the product of the others, one after the other, so zeros do no harm."""
    at, part = everywhere(attrs, index), tuple(map(slice, index.shape))
    stays = _untouched(attrs, x, index)
    before = np.where(stays | attrs.include_self, x, np.ones((), x.dtype))  # products so far
    places = list(zip(*(np.broadcast_to(a, index.shape).ravel() for a in at), strict=True))
    factors = src[part].ravel()
    prefix = []
    for place, factor in zip(places, factors, strict=True):
        prefix.append(before[place])
        before[place] *= factor
    after = np.ones_like(before)  # products from the end
    grad_src = np.zeros(src.shape, grad_y.dtype)
    found = np.empty(len(places), grad_y.dtype)
    for step in reversed(range(len(places))):
        found[step] = grad_y[places[step]] * prefix[step] * after[places[step]]
        after[places[step]] *= factors[step]
    grad_src[part] = found.reshape(index.shape)
    return grad_y * after * (stays | attrs.include_self), None, grad_src


SCATTER_REDUCE = register(
    OpDef(
        name="scatter_reduce",
        kind="reduce",
        attrs=ScatterReduceAttrs,
        inputs=("x", "index", "src"),
        shape=scatter_reduce_shape,
        cost=scatter_reduce_cost,
        forward=scatter_reduce_forward,
        backward=scatter_reduce_backward,
        backward_cost=scatter_reduce_backward_cost,
        saves=("x", "index", "src", "y"),
        reach=scatter_reach,
    )
)
