"""Copies: of a tensor as it is, with a part replaced, with every element several times.

Source: torch.clone and torch.Tensor.contiguous, torch.slice_scatter, torch.repeat_interleave.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.broadcast import unbroadcast_cost
from netweight.ops.arrays.elementwise import same_shape
from netweight.ops.dims import check_dims
from netweight.ops.extent import Extent, Spreads, same_position
from netweight.ops.move.define import define_move
from netweight.ops.move.slicing import SliceAttrs, along, resized, sliced_spec
from netweight.ops.table import COPIED, FREE, Cost, Wanted, free


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatInterleaveAttrs:
    """Attributes of a repetition of every element.

    Attributes:
        repeats: Copies of each element, one right after the other.
        dim: Dimension it is along.
    """

    repeats: int
    dim: int


def copy_forward(_attrs: None, x: Array) -> Array:
    """The same elements in memory of their own, row-major."""
    return x.copy()


def copy_backward(_attrs: None, grad_y: Array, _x: Array) -> tuple[Array]:
    """The gradient itself."""
    return (grad_y,)


def slice_scatter_shape(attrs: SliceAttrs, x: TensorSpec, src: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    wanted = sliced_spec("slice_scatter", attrs, x).shape
    if src.shape != wanted:
        raise ShapeError(f"slice_scatter: expected src of the shape of the slice {wanted}, got {src.shape}")
    return x


def slice_scatter_forward(attrs: SliceAttrs, x: Array, src: Array) -> Array:
    """``x`` with the slice replaced by ``src``."""
    y = x.copy()
    y[_sliced(attrs)] = src
    return y


def slice_scatter_backward(attrs: SliceAttrs, grad_y: Array, _x: Array, _src: Array) -> tuple[Array, Array]:
    """The slice's gradient goes to ``src``, the rest to ``x``."""
    grad_x = grad_y.copy()
    grad_x[_sliced(attrs)] = 0
    return grad_x, grad_y[_sliced(attrs)]


def slice_scatter_backward_cost(_attrs: SliceAttrs, wanted: Wanted, _x: TensorSpec, _src: TensorSpec) -> Cost:
    """No work; that of ``src`` is a view."""
    return COPIED if wanted[0] else FREE


def repeat_interleave_shape(attrs: RepeatInterleaveAttrs, x: TensorSpec) -> TensorSpec:
    """The size along the dimension times the repeats."""
    check_dims("repeat_interleave", x.shape, attrs.dim)
    if attrs.repeats < 1:
        raise ShapeError(f"repeat_interleave: expected repeats of at least 1, got {attrs.repeats}")
    return resized(x, attrs.dim, x.shape[attrs.dim] * attrs.repeats)


def repeat_interleave_forward(attrs: RepeatInterleaveAttrs, x: Array) -> Array:
    """Every element and its copies, then the next."""
    return np.repeat(x, attrs.repeats, axis=attrs.dim)


def repeat_interleave_backward(attrs: RepeatInterleaveAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """Sum over the copies."""
    apart = grad_y.reshape(*x.shape[: attrs.dim + 1], attrs.repeats, *x.shape[attrs.dim + 1 :])
    return (apart.sum(axis=attrs.dim + 1),)


def repeat_interleave_backward_cost(attrs: RepeatInterleaveAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """One add per copy but the first of each element."""
    return COPIED + unbroadcast_cost(x.numel * attrs.repeats, x.numel) if any(wanted) else FREE


def repeat_interleave_extent(attrs: RepeatInterleaveAttrs, x: TensorSpec) -> Extent:
    """Nearest upsampling along the dimension."""
    rest = (1,) * (len(x.shape) - attrs.dim - 1)
    return Spreads((1, *rest), tuple(map(Fraction, (attrs.repeats, *rest))))


def _sliced(attrs: SliceAttrs) -> tuple[Any, ...]:
    return along(attrs.dim, attrs.start, attrs.stop, attrs.step)


COPY = define_move(
    name="copy",
    shape=same_shape,
    forward=copy_forward,
    backward=copy_backward,
    backward_cost=free,
    extent=same_position,
)

SLICE_SCATTER = define_move(
    name="slice_scatter",
    attrs=SliceAttrs,
    inputs=("x", "src"),
    shape=slice_scatter_shape,
    forward=slice_scatter_forward,
    backward=slice_scatter_backward,
    backward_cost=slice_scatter_backward_cost,
    extent=same_position,
)

REPEAT_INTERLEAVE = define_move(
    name="repeat_interleave",
    attrs=RepeatInterleaveAttrs,
    shape=repeat_interleave_shape,
    forward=repeat_interleave_forward,
    backward=repeat_interleave_backward,
    backward_cost=repeat_interleave_backward_cost,
    extent=repeat_interleave_extent,
)
