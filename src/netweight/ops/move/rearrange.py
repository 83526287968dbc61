"""Operators that copy elements to other places and compute nothing.

Source: torch.nn.functional.pad, torch.roll, torch.flip, torch.Tensor.repeat; ONNX Pad, Tile.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.broadcast import unbroadcast_cost
from netweight.ops.arrays.padding import PaddingMode, Pads, check_padding, pad_array, unpad_cost, unpad_gradient
from netweight.ops.dims import check_dims
from netweight.ops.extent import Extent, Slides, same_position
from netweight.ops.move.define import define_move
from netweight.ops.table import COPIED, FREE, Cost, Wanted, copied


@dataclass(frozen=True, slots=True, kw_only=True)
class PadAttrs:
    """Attributes of a padding.

    Attributes:
        padding: Elements added (before, after) each dimension of ``x``; negative ones, in mode ``"zeros"`` only,
            are taken away.
        mode: What the added elements are.
        value: What they are in mode ``"zeros"``.
    """

    padding: Pads
    mode: PaddingMode = "zeros"
    value: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RollAttrs:
    """Attributes of a roll.

    Attributes:
        shifts: Positions that elements move on along each of ``dims``; those pushed out come in at the start.
        dims: Dimensions to roll along.
    """

    shifts: tuple[int, ...]
    dims: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipAttrs:
    """Attributes of a reversal.

    Attributes:
        dims: Dimensions to reverse.
    """

    dims: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatAttrs:
    """Attributes of a repetition.

    Attributes:
        repeats: Copies one after the other along each dimension of ``y``, which may have new ones in front.
    """

    repeats: tuple[int, ...]


def pad_shape(attrs: PadAttrs, x: TensorSpec) -> TensorSpec:
    """Every size grows by what is added on both sides."""
    if len(attrs.padding) != len(x.shape):
        raise ShapeError(f"pad: expected one (before, after) per dim of {x.shape}, got {attrs.padding}")
    check_padding("pad", x.shape, attrs.padding, attrs.mode)
    amounts = [amount for pad in attrs.padding for amount in pad]
    if attrs.mode != "zeros" and min(amounts, default=0) < 0:
        # Whether to wrap or reflect before or after cropping is answered differently by every framework.
        raise ShapeError(f"pad: expected padding of at least 0 in mode {attrs.mode}, got {attrs.padding}")
    if any(size + min(0, *pad, sum(pad)) < 0 for size, pad in zip(x.shape, attrs.padding, strict=True)):
        raise ShapeError(f"pad: expected padding that crops no more than there is of {x.shape}, got {attrs.padding}")
    return TensorSpec(tuple(size + sum(pad) for size, pad in zip(x.shape, attrs.padding, strict=True)), x.dtype)


def pad_forward(attrs: PadAttrs, x: Array) -> Array:
    """``x`` with elements added around it."""
    padded = pad_array(x, attrs.padding, attrs.mode, attrs.value)
    return padded.copy() if padded is x else padded


def pad_backward(attrs: PadAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """Every element collects the gradients of its copies."""
    return (unpad_gradient(grad_y, x.shape, attrs.padding, attrs.mode),)


def pad_backward_cost(attrs: PadAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """One add per element that the padding copied."""
    return COPIED + unpad_cost(x.shape, attrs.padding, attrs.mode) if any(wanted) else FREE


def pad_extent(attrs: PadAttrs, _x: TensorSpec) -> Extent:
    """A window of one element that starts in the padding."""
    ones = (1,) * len(attrs.padding)
    return Slides(ones, ones, ones)


def roll_shape(attrs: RollAttrs, x: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    check_dims("roll", x.shape, *attrs.dims)
    if len(attrs.shifts) != len(attrs.dims):
        raise ShapeError(f"roll: expected one shift per dim, got shifts {attrs.shifts} and dims {attrs.dims}")
    return x


def roll_forward(attrs: RollAttrs, x: Array) -> Array:
    """Elements moved on, around the end."""
    return np.roll(x, attrs.shifts, attrs.dims)


def roll_backward(attrs: RollAttrs, grad_y: Array, _x: Array) -> tuple[Array]:
    """Gradients moved back."""
    return (np.roll(grad_y, tuple(-shift for shift in attrs.shifts), attrs.dims),)


def flip_shape(attrs: FlipAttrs, x: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    check_dims("flip", x.shape, *attrs.dims)
    return x


def flip_forward(attrs: FlipAttrs, x: Array) -> Array:
    """The last first."""
    return np.flip(x, attrs.dims).copy()


def flip_backward(attrs: FlipAttrs, grad_y: Array, _x: Array) -> tuple[Array]:
    """The last first again."""
    return (np.flip(grad_y, attrs.dims),)


def repeat_shape(attrs: RepeatAttrs, x: TensorSpec) -> TensorSpec:
    """Every size times its repeats."""
    if len(attrs.repeats) < len(x.shape) or min(attrs.repeats, default=1) < 1:
        raise ShapeError(f"repeat: expected at least 1 repeat for each dim of {x.shape}, got {attrs.repeats}")
    return TensorSpec(tuple(map(math.prod, _copies(attrs, x.shape))), x.dtype)


def repeat_forward(attrs: RepeatAttrs, x: Array) -> Array:
    """Copies one after the other."""
    return np.tile(x, attrs.repeats)


def repeat_backward(attrs: RepeatAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """Sum over the copies."""
    copies = _copies(attrs, x.shape)
    apart = grad_y.reshape(tuple(size for pair in copies for size in pair))
    return (apart.sum(axis=tuple(range(0, 2 * len(copies), 2))).reshape(x.shape),)


def repeat_backward_cost(attrs: RepeatAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """One add per copy but the first of each element."""
    return COPIED + unbroadcast_cost(repeat_shape(attrs, x).numel, x.numel) if any(wanted) else FREE


def _copies(attrs: RepeatAttrs, shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Number of copies and size of one, per dimension of ``y``."""
    new = (1,) * (len(attrs.repeats) - len(shape))
    return list(zip(attrs.repeats, new + shape, strict=True))


PAD = define_move(
    name="pad",
    attrs=PadAttrs,
    shape=pad_shape,
    forward=pad_forward,
    backward=pad_backward,
    backward_cost=pad_backward_cost,
    extent=pad_extent,
)

# A field that moves keeps its size: to the receptive field, rolling and flipping stay in place.
ROLL = define_move(
    name="roll",
    attrs=RollAttrs,
    shape=roll_shape,
    forward=roll_forward,
    backward=roll_backward,
    backward_cost=copied,
    extent=same_position,
)

FLIP = define_move(
    name="flip",
    attrs=FlipAttrs,
    shape=flip_shape,
    forward=flip_forward,
    backward=flip_backward,
    backward_cost=copied,
    extent=same_position,
)

REPEAT = define_move(
    name="repeat",
    attrs=RepeatAttrs,
    shape=repeat_shape,
    forward=repeat_forward,
    backward=repeat_backward,
    backward_cost=repeat_backward_cost,
    extent=same_position,
)
