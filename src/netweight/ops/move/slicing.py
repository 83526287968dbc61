"""Taking tensors apart along one dimension and putting them together again.

Slices and the parts of a split are views; a concatenation copies.

Source: Python slices, torch.split with sizes, torch.cat; ONNX Slice, Split, Concat.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.broadcast import joint_dtype
from netweight.ops.dims import check_dims
from netweight.ops.extent import Extent, Slides, same_position
from netweight.ops.move.define import define_move
from netweight.ops.table import as_tuple, copied, free


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceAttrs:
    """Attributes of a slice, ``x[start:stop:step]`` along one dimension, counted from the front.

    Attributes:
        dim: Dimension it is along.
        start: First position taken.
        stop: First position not taken any more.
        step: Distance of positions taken.
    """

    dim: int
    start: int
    stop: int
    step: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitAttrs:
    """Attributes of a split.

    Attributes:
        sizes: Size of each part along ``dim``.
        dim: Dimension it is along.
    """

    sizes: tuple[int, ...]
    dim: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcatAttrs:
    """Attributes of a concatenation.

    Attributes:
        dim: Dimension it is along.
    """

    dim: int


def resized(x: TensorSpec, dim: int, size: int) -> TensorSpec:
    """``x`` with another size along one dimension."""
    return TensorSpec((*x.shape[:dim], size, *x.shape[dim + 1 :]), x.dtype)


def along(dim: int, start: int, stop: int, step: int = 1) -> tuple[Any, ...]:
    """Index of a slice along one dimension and everything along the others."""
    return (*(slice(None),) * dim, slice(start, stop, step))


def slice_shape(attrs: SliceAttrs, x: TensorSpec) -> TensorSpec:
    """ceil((stop - start) / step) along the dimension."""
    return sliced_spec("slice", attrs, x)


def sliced_spec(op: str, attrs: SliceAttrs, x: TensorSpec) -> TensorSpec:
    """What a slice of ``x`` looks like."""
    check_dims(op, x.shape, attrs.dim)
    size = x.shape[attrs.dim]
    if not 0 <= attrs.start <= attrs.stop <= size or attrs.step < 1:
        raise ShapeError(
            f"{op}: expected 0 <= start <= stop <= {size} and step of at least 1, "
            f"got {attrs.start}:{attrs.stop}:{attrs.step}"
        )
    return resized(x, attrs.dim, -((attrs.start - attrs.stop) // attrs.step))


def slice_forward(attrs: SliceAttrs, x: Array) -> Array:
    """The positions taken."""
    return x[along(attrs.dim, attrs.start, attrs.stop, attrs.step)]


def slice_backward(attrs: SliceAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """Zero wherever nothing was taken."""
    grad_x = np.zeros(x.shape, grad_y.dtype)
    grad_x[along(attrs.dim, attrs.start, attrs.stop, attrs.step)] = grad_y
    return (grad_x,)


def slice_extent(attrs: SliceAttrs, x: TensorSpec) -> Extent:
    """A window of one element that starts inside and moves by ``step``."""
    rest = len(x.shape) - attrs.dim - 1
    ones = (1,) * (rest + 1)
    return Slides(ones, (attrs.step, *ones[1:]), ones)


def split_shape(attrs: SplitAttrs, x: TensorSpec) -> tuple[TensorSpec, ...]:
    """One part per size."""
    check_dims("split", x.shape, attrs.dim)
    if not attrs.sizes or min(attrs.sizes) < 1 or sum(attrs.sizes) != x.shape[attrs.dim]:
        raise ShapeError(f"split: expected positive sizes with the sum {x.shape[attrs.dim]}, got {attrs.sizes}")
    return tuple(resized(x, attrs.dim, size) for size in attrs.sizes)


def split_forward(attrs: SplitAttrs, x: Array) -> tuple[Array, ...]:
    """The parts, in order."""
    bounds = itertools.pairwise(itertools.accumulate(attrs.sizes, initial=0))
    return tuple(x[along(attrs.dim, start, stop)] for start, stop in bounds)


def split_backward(attrs: SplitAttrs, grad_y: Array | tuple[Array, ...], _x: Array) -> tuple[Array]:
    """The gradients of the parts, put together."""
    return (np.concatenate(as_tuple(grad_y), axis=attrs.dim),)


def concat_shape(attrs: ConcatAttrs, *xs: TensorSpec) -> TensorSpec:
    """Sizes add up along the dimension."""
    if not xs:
        raise ShapeError("concat: expected at least one tensor, got none")
    first = xs[0]
    check_dims("concat", first.shape, attrs.dim)
    for x in xs:
        if len(x.shape) != len(first.shape) or resized(x, attrs.dim, 0).shape != resized(first, attrs.dim, 0).shape:
            listed = " and ".join(str(spec.shape) for spec in xs)
            raise ShapeError(f"concat: expected shapes that differ along dim {attrs.dim} only, got {listed}")
    together = resized(first, attrs.dim, sum(x.shape[attrs.dim] for x in xs))
    return TensorSpec(together.shape, joint_dtype(*(x.dtype for x in xs)))


def concat_forward(attrs: ConcatAttrs, *xs: Array) -> Array:
    """One after the other along the dimension."""
    return np.concatenate(xs, axis=attrs.dim, dtype=joint_dtype(*(x.dtype.name for x in xs)), casting="unsafe")


def concat_backward(attrs: ConcatAttrs, grad_y: Array, *xs: Array) -> tuple[Array | None, ...]:
    """Each takes its part of the gradient."""
    bounds = itertools.pairwise(itertools.accumulate((x.shape[attrs.dim] for x in xs), initial=0))
    return tuple(grad_y[along(attrs.dim, start, stop)] for start, stop in bounds)


SLICE = define_move(
    name="slice",
    attrs=SliceAttrs,
    shape=slice_shape,
    forward=slice_forward,
    backward=slice_backward,
    backward_cost=copied,
    view=True,
    extent=slice_extent,
)

SPLIT = define_move(
    name="split",
    attrs=SplitAttrs,
    shape=split_shape,
    forward=split_forward,
    backward=split_backward,
    backward_cost=copied,
    view=True,
    extent=same_position,
)

CONCAT = define_move(
    name="concat",
    attrs=ConcatAttrs,
    inputs=("*xs",),
    shape=concat_shape,
    forward=concat_forward,
    backward=concat_backward,
    backward_cost=free,
    extent=same_position,
)
