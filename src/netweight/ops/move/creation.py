"""Tensors made from nothing but their attributes, and one-hot vectors made from class numbers.

Nothing is computed: the numbers follow from their positions.

Source: torch.full, torch.arange, torch.nn.functional.one_hot; ONNX ConstantOfShape, Range, OneHot.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from netweight.errors import ShapeError, UsageError
from netweight.ir import TensorSpec, bits_of
from netweight.lazy import Array, np
from netweight.ops.extent import Extent, Permutes, same_position
from netweight.ops.move.define import define_move
from netweight.ops.move.places import check_positions
from netweight.ops.table import free, not_differentiable


@dataclass(frozen=True, slots=True, kw_only=True)
class FullAttrs:
    """Attributes of a tensor of equal elements.

    Attributes:
        shape: Its sizes.
        value: Every element.
        dtype: Its element type.
    """

    shape: tuple[int, ...]
    value: float
    dtype: str = "float32"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArangeAttrs:
    """Attributes of a series of numbers.

    Attributes:
        start: First number.
        end: No number reaches it.
        step: Distance of neighbours; negative for a falling series.
        dtype: Their type.
    """

    start: float
    end: float
    step: float = 1
    dtype: str = "int64"


@dataclass(frozen=True, slots=True, kw_only=True)
class OneHotAttrs:
    """Attributes of one-hot vectors.

    Attributes:
        num_classes: Size of a vector.
        lenient: Negative classes count from the end, and one that is still out of range has a vector of zeros; else
            both are refused.
    """

    num_classes: int
    lenient: bool = False


def full_shape(attrs: FullAttrs) -> TensorSpec:
    """The one asked for.

    Raises:
        ShapeError: If a size is negative.
        UsageError: If there is no such element type.
    """
    bits_of(attrs.dtype)
    if min(attrs.shape, default=1) < 0:
        raise ShapeError(f"full: expected sizes of at least 0, got {attrs.shape}")
    return TensorSpec(attrs.shape, attrs.dtype)


def full_forward(attrs: FullAttrs) -> Array:
    """The value everywhere."""
    return np.full(attrs.shape, attrs.value, attrs.dtype)


def no_gradients(_attrs: FullAttrs | ArangeAttrs, _grad_y: Array) -> tuple[Array | None, ...]:
    """No tensor goes in, so no gradient comes out; what is made may meet tensors that have one."""
    return ()


def arange_shape(attrs: ArangeAttrs) -> TensorSpec:
    """ceil((end - start) / step) numbers.

    Raises:
        ShapeError: If the step does not lead from start towards end.
        UsageError: If there is no such element type.
    """
    bits_of(attrs.dtype)
    if attrs.step == 0 or (attrs.end - attrs.start) / attrs.step < 0:
        raise ShapeError(
            f"arange: expected a step from start towards end, got start {attrs.start}, end {attrs.end}, "
            f"step {attrs.step}"
        )
    return TensorSpec((math.ceil((attrs.end - attrs.start) / attrs.step),), attrs.dtype)


def arange_forward(attrs: ArangeAttrs) -> Array:
    """start, start + step, start + 2 step ..."""
    (count,) = arange_shape(attrs).shape
    return (attrs.start + attrs.step * np.arange(count)).astype(attrs.dtype)


def one_hot_shape(attrs: OneHotAttrs, x: TensorSpec) -> TensorSpec:
    """A new last dimension of all classes, of int64."""
    check_positions("one_hot", x)
    if attrs.num_classes < 1:
        raise ShapeError(f"one_hot: expected num_classes of at least 1, got {attrs.num_classes}")
    return TensorSpec((*x.shape, attrs.num_classes), "int64")


def one_hot_forward(attrs: OneHotAttrs, x: Array) -> Array:
    """1 at the place that ``x`` names, 0 elsewhere.

    Raises:
        UsageError: If a class number is out of range.
    """
    if attrs.lenient:
        x = np.where(x < 0, x.astype(np.int64) + attrs.num_classes, x)
        return (x[..., None] == np.arange(attrs.num_classes)).astype(np.int64)
    wrong = x[(x < 0) | (x >= attrs.num_classes)]
    if wrong.size:
        raise UsageError(f"one_hot: expected classes from 0 to {attrs.num_classes - 1}, got {wrong.flat[0]}")
    return (x[..., None] == np.arange(attrs.num_classes)).astype(np.int64)


def one_hot_extent(_attrs: OneHotAttrs, x: TensorSpec) -> Extent:
    """The same position, and a new last dimension."""
    return Permutes((*range(len(x.shape)), None))


FULL = define_move(
    name="full",
    attrs=FullAttrs,
    inputs=(),
    shape=full_shape,
    forward=full_forward,
    backward=no_gradients,
    backward_cost=free,
    extent=same_position,
)

ARANGE = define_move(
    name="arange",
    attrs=ArangeAttrs,
    inputs=(),
    shape=arange_shape,
    forward=arange_forward,
    backward=no_gradients,
    backward_cost=free,
    extent=same_position,
)

ONE_HOT = define_move(
    name="one_hot",
    attrs=OneHotAttrs,
    shape=one_hot_shape,
    forward=one_hot_forward,
    backward=not_differentiable,
    backward_cost=free,
    extent=one_hot_extent,
)
