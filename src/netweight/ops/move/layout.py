"""Operators that show the same elements under another shape: views that compute and move nothing.

Source: torch.reshape, torch.permute, torch.Tensor.expand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.broadcast import unbroadcast, unbroadcast_cost
from netweight.ops.extent import Extent, Permutes, reshapes, same_position
from netweight.ops.move.define import define_move
from netweight.ops.table import FREE, Cost, Wanted, free


@dataclass(frozen=True, slots=True, kw_only=True)
class ReshapeAttrs:
    """Attributes of a reshape.

    Attributes:
        shape: New sizes; one may be -1 and follows from the rest.
    """

    shape: tuple[int, ...]


def reshape_shape(attrs: ReshapeAttrs, x: TensorSpec) -> TensorSpec:
    """The new sizes, -1 filled in."""
    known = math.prod(size for size in attrs.shape if size != -1)
    filled = x.numel // known if known else 0
    shape = tuple(filled if size == -1 else size for size in attrs.shape)
    if math.prod(shape) != x.numel or attrs.shape.count(-1) > 1:
        raise ShapeError(f"reshape: expected a shape of {x.numel} elements, got {attrs.shape} for x of shape {x.shape}")
    return TensorSpec(shape, x.dtype)


def reshape_forward(attrs: ReshapeAttrs, x: Array) -> Array:
    """Same elements, row-major, new sizes."""
    return x.reshape(attrs.shape)


def reshape_backward(_attrs: ReshapeAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """Back to the old sizes."""
    return (grad_y.reshape(x.shape),)


RESHAPE = define_move(
    name="reshape",
    attrs=ReshapeAttrs,
    shape=reshape_shape,
    forward=reshape_forward,
    backward=reshape_backward,
    backward_cost=free,
    view=True,
    extent=reshapes,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PermuteAttrs:
    """Attributes of a permutation.

    Attributes:
        order: For each dimension of the result the dimension of ``x`` that it was.
    """

    order: tuple[int, ...]


def permute_shape(attrs: PermuteAttrs, x: TensorSpec) -> TensorSpec:
    """The sizes in the new order."""
    if sorted(attrs.order) != list(range(len(x.shape))):
        raise ShapeError(
            f"permute: expected an order of the dims 0 to {len(x.shape) - 1}, got {attrs.order} for shape {x.shape}"
        )
    return TensorSpec(tuple(x.shape[dim] for dim in attrs.order), x.dtype)


def permute_forward(attrs: PermuteAttrs, x: Array) -> Array:
    """Dimensions in the new order."""
    return x.transpose(attrs.order)


def permute_backward(attrs: PermuteAttrs, grad_y: Array, _x: Array) -> tuple[Array]:
    """Dimensions back in the old order."""
    return (grad_y.transpose(tuple(attrs.order.index(dim) for dim in range(len(attrs.order)))),)


def permute_extent(attrs: PermuteAttrs, _x: TensorSpec) -> Extent:
    """The order itself."""
    return Permutes(attrs.order)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandAttrs:
    """Attributes of an expansion.

    Attributes:
        shape: New sizes; those of ``x`` where they are not 1, and any number of dimensions before them.
    """

    shape: tuple[int, ...]


def expand_shape(attrs: ExpandAttrs, x: TensorSpec) -> TensorSpec:
    """The new sizes."""
    kept = attrs.shape[len(attrs.shape) - len(x.shape) :]
    fits = len(attrs.shape) >= len(x.shape) and min(attrs.shape, default=0) >= 0
    if not fits or any(old not in {1, new} for old, new in zip(x.shape, kept, strict=True)):
        raise ShapeError(f"expand: expected a shape that stretches sizes of 1 only, got {attrs.shape} for {x.shape}")
    return TensorSpec(attrs.shape, x.dtype)


def expand_forward(attrs: ExpandAttrs, x: Array) -> Array:
    """The same elements over and over, stored once."""
    return np.broadcast_to(x, attrs.shape)


def expand_backward(_attrs: ExpandAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """Sum over what was stretched."""
    return (unbroadcast(grad_y, x.shape),)


def expand_backward_cost(attrs: ExpandAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """The adds over what was stretched."""
    return unbroadcast_cost(math.prod(attrs.shape), x.numel) if any(wanted) else FREE


PERMUTE = define_move(
    name="permute",
    attrs=PermuteAttrs,
    shape=permute_shape,
    forward=permute_forward,
    backward=permute_backward,
    backward_cost=free,
    view=True,
    extent=permute_extent,
)

EXPAND = define_move(
    name="expand",
    attrs=ExpandAttrs,
    shape=expand_shape,
    forward=expand_forward,
    backward=expand_backward,
    backward_cost=expand_backward_cost,
    view=True,
    extent=same_position,
)
