"""One element of a row by its rank, the most frequent one, and places in a sorted row.

Shapes
    kthvalue, mode  x -> values and indices without the dimension, or with size 1 in its place
    searchsorted    sorted (n,) or (*rows, n), x any or (*rows, m) -> positions of the shape of x

The k-th smallest of n is picked by the tournament of ``sort``, from the end that is nearer. Of equal elements
``kthvalue`` picks the one that a stable sort puts there, ``mode`` the last; of equally frequent ones the smallest.

Source: torch.kthvalue, torch.mode, torch.searchsorted, torch.bucketize.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.dims import check_dims
from netweight.ops.extent import Extent, Mixes
from netweight.ops.move.slicing import along
from netweight.ops.order.sort import PickAttrs, pick_backward, register_order, selection_compares
from netweight.ops.table import Cost, define, free, not_differentiable

Specs = tuple[TensorSpec, TensorSpec]


@dataclass(frozen=True, slots=True, kw_only=True)
class KthvalueAttrs(PickAttrs):
    """Attributes of picking by rank, beside dimension and keepdim.

    Attributes:
        k: Rank of the element, 1 for the smallest.
    """

    k: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchsortedAttrs:
    """Attributes of places in a sorted row.

    Attributes:
        right: The place behind equal elements, else before them.
        dtype: Type of the positions.
    """

    right: bool = False
    dtype: Literal["int64", "int32"] = "int64"


def _without(attrs: PickAttrs, x: TensorSpec) -> Specs:
    sizes = (*x.shape[: attrs.dim], *((1,) if attrs.keepdim else ()), *x.shape[attrs.dim + 1 :])
    return TensorSpec(sizes, x.dtype), TensorSpec(sizes, "int64")


def kthvalue_shape(attrs: KthvalueAttrs, x: TensorSpec) -> Specs:
    """Without the dimension."""
    check_dims("kthvalue", x.shape, attrs.dim)
    if not 1 <= attrs.k <= x.shape[attrs.dim]:
        raise ShapeError(f"kthvalue: expected 1 <= k <= {x.shape[attrs.dim]}, got {attrs.k} for shape {x.shape}")
    return _without(attrs, x)


def kthvalue_cost(attrs: KthvalueAttrs, x: TensorSpec) -> Cost:
    """Comparisons of a tournament for every row."""
    n = x.shape[attrs.dim]
    each = selection_compares(n, min(attrs.k, n + 1 - attrs.k))
    return Cost(compares=product({"rows": x.numel // n, "comparisons": each}))


def kthvalue_forward(attrs: KthvalueAttrs, x: Array) -> tuple[Array, Array]:
    """The k-th smallest, and where it was."""
    order = np.argsort(x, axis=attrs.dim, kind="stable")
    return _picked(attrs, x, order[along(attrs.dim, attrs.k - 1, attrs.k)])


def mode_shape(attrs: PickAttrs, x: TensorSpec) -> Specs:
    """Without the dimension."""
    check_dims("mode", x.shape, attrs.dim)
    if not x.shape[attrs.dim]:
        raise ShapeError(f"mode: expected at least one element along dim {attrs.dim}, got shape {x.shape}")
    return _without(attrs, x)


def mode_cost(attrs: PickAttrs, x: TensorSpec) -> Cost:
    """Comparisons of a merge sort of every row at worst, of neighbours, and of how often each has occurred so far."""
    n = x.shape[attrs.dim]
    rows = x.numel // n
    compares = product({"rows": rows, "comparisons": selection_compares(n, n) + 2 * (n - 1)})
    return Cost(compares=compares, adds=product({"rows": rows, "n - 1": n - 1}))


def mode_forward(attrs: PickAttrs, x: Array) -> tuple[Array, Array]:
    """The most frequent element, and where it was last."""
    rows = np.moveaxis(x, attrs.dim, -1)
    order = np.argsort(rows, axis=-1, kind="stable")
    ranked = np.take_along_axis(rows, order, axis=-1)
    starts = np.ones(rows.shape, bool)
    starts[..., 1:] = ranked[..., 1:] != ranked[..., :-1]
    places = np.arange(rows.shape[-1])
    run = places - np.maximum.accumulate(np.where(starts, places, 0), axis=-1)  # equal ones before it
    last = np.take_along_axis(order, run.argmax(axis=-1)[..., None], axis=-1)
    return _picked(attrs, x, np.moveaxis(last, -1, attrs.dim))


def searchsorted_shape(attrs: SearchsortedAttrs, sequence: TensorSpec, x: TensorSpec) -> TensorSpec:
    """Positions of the shape of ``x``."""
    if len(sequence.shape) != 1 and (not x.shape or sequence.shape[:-1] != x.shape[:-1]):
        raise ShapeError(f"searchsorted: expected (n,) or one row for each of x {x.shape}, got {sequence.shape}")
    if not sequence.shape:
        raise ShapeError("searchsorted: expected a sorted row, got a number")
    return TensorSpec(x.shape, attrs.dtype)


def searchsorted_cost(_attrs: SearchsortedAttrs, sequence: TensorSpec, x: TensorSpec) -> Cost:
    """ceil(log2(n + 1)) comparisons per element: a binary search."""
    return Cost(compares=product({"elements": x.numel, "halvings": sequence.shape[-1].bit_length()}))


def searchsorted_forward(attrs: SearchsortedAttrs, sequence: Array, x: Array) -> Array:
    """How many elements of the row are smaller, or also equal."""
    side: Literal["left", "right"] = "right" if attrs.right else "left"
    if sequence.ndim == 1:
        return np.asarray(np.searchsorted(sequence, x, side)).astype(attrs.dtype)
    y = np.empty(x.shape, attrs.dtype)
    for at in np.ndindex(x.shape[:-1]):
        y[at] = np.searchsorted(sequence[at], x[at], side)
    return y


def searchsorted_extent(_attrs: SearchsortedAttrs, _sequence: TensorSpec, _x: TensorSpec) -> Extent:
    """All of a row."""
    return Mixes((-1,))


def _picked(attrs: PickAttrs, x: Array, indices: Array) -> tuple[Array, Array]:
    shape = _without(attrs, TensorSpec(x.shape))[0].shape
    values = np.take_along_axis(x, indices, axis=attrs.dim)
    return values.reshape(shape), indices.reshape(shape)


KTHVALUE = register_order(
    "kthvalue",
    attrs=KthvalueAttrs,
    shape=kthvalue_shape,
    cost=kthvalue_cost,
    forward=kthvalue_forward,
    backward=pick_backward,
)
MODE = register_order(
    "mode", attrs=PickAttrs, shape=mode_shape, cost=mode_cost, forward=mode_forward, backward=pick_backward
)
SEARCHSORTED = define(
    name="searchsorted",
    kind="reduce",
    attrs=SearchsortedAttrs,
    inputs=("sequence", "x"),
    shape=searchsorted_shape,
    cost=searchsorted_cost,
    forward=searchsorted_forward,
    backward=not_differentiable,
    backward_cost=free,
    extent=searchsorted_extent,
)
