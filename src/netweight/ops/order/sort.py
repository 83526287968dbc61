"""Elements in order along one dimension: all of them, the first few, the first.

Shapes
    sort     x -> values and indices of the shape of x
    argsort  x -> indices of the shape of x
    topk     x -> values and indices with k positions along the dimension
    max, min x -> values and indices without the dimension, or with size 1 in its place

Of equal elements the one that stood first comes first, and is picked.

To find the k first of n in order, a tournament needs n - k + sum of ceil(log2 j) for j from n - k + 2 to n comparisons:
n - 1 for the first, and for all what merge sort needs at worst.

Source: torch.sort with stable=True, torch.argsort, torch.topk, torch.max and torch.min with a dimension; ONNX TopK.
Tree selection, Knuth, The Art of Computer Programming, volume 3, section 5.3.3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.dims import check_dims
from netweight.ops.extent import Extent, Mixes
from netweight.ops.move.slicing import along, resized
from netweight.ops.table import Cost, OpDef, copied, define, not_differentiable

Specs = tuple[TensorSpec, TensorSpec]


@dataclass(frozen=True, slots=True, kw_only=True)
class SortAttrs:
    """Attributes of putting in order.

    Attributes:
        dim: Dimension it is along.
        descending: The largest first.
    """

    dim: int
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TopkAttrs:
    """Attributes of picking the first few.

    Attributes:
        k: How many.
        dim: Dimension it is along.
        largest: The largest first, else the smallest.
    """

    k: int
    dim: int
    largest: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PickAttrs:
    """Attributes of picking the largest or smallest.

    Attributes:
        dim: Dimension it is along.
        keepdim: Keep it with size 1.
    """

    dim: int
    keepdim: bool = False


def selection_compares(n: int, k: int) -> int:
    """Comparisons that find the k first of n in order.

    >>> selection_compares(8, 1), selection_compares(8, 2), selection_compares(8, 8)
    (7, 9, 17)
    """
    return n - k + _bits_up_to(n - 1) - _bits_up_to(n - k)


def _bits_up_to(last: int) -> int:
    """Sum of the bit lengths of the numbers from 0 to ``last``.

    >>> _bits_up_to(5) == 0 + 1 + 2 + 2 + 3 + 3
    True
    """
    width = max(last, 0).bit_length()
    return (max(last, 0) + 1) * width - (1 << width) + 1


def sort_shape(attrs: SortAttrs, x: TensorSpec) -> Specs:
    """Same as ``x``, and the positions in ``x`` as int64."""
    check_dims("sort", x.shape, attrs.dim)
    return x, TensorSpec(x.shape, "int64")


def sort_cost(attrs: SortAttrs, x: TensorSpec) -> Cost:
    """Comparisons of a merge sort of every row, at worst."""
    return _cost(x, attrs.dim, x.shape[attrs.dim])


def sort_forward(attrs: SortAttrs, x: Array) -> tuple[Array, Array]:
    """The elements in order, and where they were."""
    indices = _order(x, attrs.dim, descending=attrs.descending)
    return np.take_along_axis(x, indices, axis=attrs.dim), indices


def argsort_shape(attrs: SortAttrs, x: TensorSpec) -> TensorSpec:
    """The positions in ``x`` as int64."""
    check_dims("argsort", x.shape, attrs.dim)
    return TensorSpec(x.shape, "int64")


def argsort_forward(attrs: SortAttrs, x: Array) -> Array:
    """Where the elements were that come in order."""
    return _order(x, attrs.dim, descending=attrs.descending)


def topk_shape(attrs: TopkAttrs, x: TensorSpec) -> Specs:
    """k along the dimension, for values and positions."""
    check_dims("topk", x.shape, attrs.dim)
    if not 1 <= attrs.k <= x.shape[attrs.dim]:
        raise ShapeError(f"topk: expected 1 <= k <= {x.shape[attrs.dim]}, got {attrs.k} for shape {x.shape}")
    y = resized(x, attrs.dim, attrs.k)
    return y, TensorSpec(y.shape, "int64")


def topk_cost(attrs: TopkAttrs, x: TensorSpec) -> Cost:
    """Comparisons of a tournament for the k first of every row."""
    return _cost(x, attrs.dim, attrs.k)


def topk_forward(attrs: TopkAttrs, x: Array) -> tuple[Array, Array]:
    """The k first in order, and where they were."""
    indices = _order(x, attrs.dim, descending=attrs.largest)[along(attrs.dim, 0, attrs.k)].copy()
    return np.take_along_axis(x, indices, axis=attrs.dim), indices


def sort_backward(attrs: Any, grad_y: tuple[Array, Array], x: Array, *, y1: Array) -> tuple[Array]:
    """Every gradient to where its element was."""
    grad_x = np.zeros(x.shape, grad_y[0].dtype)
    np.put_along_axis(grad_x, y1, grad_y[0], axis=attrs.dim)
    return (grad_x,)


def pick_backward(attrs: PickAttrs, grad_y: tuple[Array, Array], x: Array, *, y1: Array) -> tuple[Array]:
    """The gradient to the element picked."""
    grad_x = np.zeros(x.shape, grad_y[0].dtype)
    kept = resized(TensorSpec(x.shape), attrs.dim, 1).shape
    np.put_along_axis(grad_x, y1.reshape(kept), grad_y[0].reshape(kept), axis=attrs.dim)
    return (grad_x,)


def sort_extent(attrs: Any, _x: TensorSpec) -> Extent:
    """Everything along the dimension."""
    return Mixes((attrs.dim,))


def register_order(
    name: str,
    *,
    attrs: type,
    shape: Callable[..., Any],
    cost: Callable[..., Cost],
    forward: Callable[..., Any],
    backward: Callable[..., tuple[Array | None, ...]] = sort_backward,
) -> OpDef:
    """Register an operator that puts in order: what it has in common with the others."""
    return define(
        name=name,
        kind="reduce",
        attrs=attrs,
        shape=shape,
        cost=cost,
        forward=forward,
        backward=backward,
        backward_cost=copied,
        saves=() if backward is not_differentiable else ("y1",),
        extent=sort_extent,
    )


def register_pick(name: str, picked: Callable[[Array, int], Array]) -> OpDef:
    """Register the largest or smallest along a dimension, by a function of (x, dim) to its position."""

    def shape(attrs: PickAttrs, x: TensorSpec) -> Specs:
        check_dims(name, x.shape, attrs.dim)
        if not x.shape[attrs.dim]:
            raise ShapeError(f"{name}: expected at least one element along dim {attrs.dim}, got shape {x.shape}")
        sizes = (*x.shape[: attrs.dim], *((1,) if attrs.keepdim else ()), *x.shape[attrs.dim + 1 :])
        return TensorSpec(sizes, x.dtype), TensorSpec(sizes, "int64")

    def forward(attrs: PickAttrs, x: Array) -> tuple[Array, Array]:
        indices = np.expand_dims(picked(x, attrs.dim), attrs.dim)
        values = np.take_along_axis(x, indices, axis=attrs.dim)
        sizes = shape(attrs, TensorSpec(x.shape))[0].shape
        return values.reshape(sizes), indices.reshape(sizes)

    def cost(attrs: PickAttrs, x: TensorSpec) -> Cost:
        return _cost(x, attrs.dim, 1)

    return register_order(name, attrs=PickAttrs, shape=shape, cost=cost, forward=forward, backward=pick_backward)


def _cost(x: TensorSpec, dim: int, k: int) -> Cost:
    n = x.shape[dim]
    return Cost(compares=product({"rows": x.numel // max(n, 1), "compares of a row": selection_compares(n, k)}))


def _order(x: Array, dim: int, *, descending: bool) -> Array:
    """Positions in order; backwards through the reversed tensor, so that equal elements stay as they stood."""
    if not descending:
        return np.argsort(x, axis=dim, kind="stable")
    backwards = np.argsort(np.flip(x, dim), axis=dim, kind="stable")
    return x.shape[dim] - 1 - np.flip(backwards, dim)


SORT = register_order("sort", attrs=SortAttrs, shape=sort_shape, cost=sort_cost, forward=sort_forward)
ARGSORT = register_order(
    "argsort",
    attrs=SortAttrs,
    shape=argsort_shape,
    cost=sort_cost,
    forward=argsort_forward,
    backward=not_differentiable,
)
TOPK = register_order("topk", attrs=TopkAttrs, shape=topk_shape, cost=topk_cost, forward=topk_forward)
MAX = register_pick("max", lambda x, dim: x.argmax(axis=dim))
MIN = register_pick("min", lambda x, dim: x.argmin(axis=dim))
