"""Sequences of samples that have lengths and places of their own: turning them round, writing them into a cache.

Shapes
    reverse_sequence  x any, lengths (samples,)  y as x
    write_sequence    x (N, ..., size, ...), src (N, ..., length, ...), start (N,) or None for zeros  y as x

Source: ONNX ReverseSequence, TensorScatter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.dims import check_dims
from netweight.ops.extent import Extent, Mixes
from netweight.ops.move.define import define_move
from netweight.ops.move.places import check_positions
from netweight.ops.move.slicing import resized
from netweight.ops.table import copied


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseSequenceAttrs:
    """Attributes of turning sequences round.

    Attributes:
        dim: Dimension of the steps.
        batch_dim: Dimension of the samples.
    """

    dim: int
    batch_dim: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteSequenceAttrs:
    """Attributes of writing into a cache.

    Attributes:
        dim: Dimension of the steps; not the first, which counts samples.
        circular: What does not fit at the end goes to the front.
    """

    dim: int
    circular: bool = False


def reverse_sequence_shape(attrs: ReverseSequenceAttrs, x: TensorSpec, lengths: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    check_dims("reverse_sequence", x.shape, attrs.dim, attrs.batch_dim)
    check_positions("reverse_sequence", lengths)
    if lengths.shape != (x.shape[attrs.batch_dim],):
        raise ShapeError(
            f"reverse_sequence: expected lengths of shape {(x.shape[attrs.batch_dim],)}, got {lengths.shape}"
        )
    return x


def reverse_sequence_forward(attrs: ReverseSequenceAttrs, x: Array, lengths: Array) -> Array:
    """The first steps of every sample in reverse; those beyond its length stay."""
    step = np.arange(x.shape[attrs.dim])
    last = lengths.astype(np.int64)[:, None] - 1
    source = np.where(step <= last, last - step, step)  # (samples, steps)
    moved = np.moveaxis(x, (attrs.batch_dim, attrs.dim), (0, 1))
    turned = moved[np.arange(len(source))[:, None], source]
    return np.ascontiguousarray(np.moveaxis(turned, (0, 1), (attrs.batch_dim, attrs.dim)))


def reverse_sequence_backward(
    attrs: ReverseSequenceAttrs, grad_y: Array, _x: Array, lengths: Array
) -> tuple[Array, None]:
    """The same again: turning round twice changes nothing."""
    return reverse_sequence_forward(attrs, grad_y, lengths), None


def write_sequence_shape(
    attrs: WriteSequenceAttrs, x: TensorSpec, src: TensorSpec, start: TensorSpec | None
) -> TensorSpec:
    """Same as ``x``."""
    check_dims("write_sequence", x.shape, attrs.dim)
    if attrs.dim == 0:
        raise ShapeError("write_sequence: expected dim after that of the samples, got 0")
    steps = src.shape[attrs.dim] if len(src.shape) == len(x.shape) else -1
    if not 0 <= steps <= x.shape[attrs.dim] or src.shape != resized(x, attrs.dim, steps).shape:
        raise ShapeError(
            f"write_sequence: expected src as x with at most {x.shape[attrs.dim]} steps along dim {attrs.dim}, "
            f"got {src.shape} for {x.shape}"
        )
    if start is not None:
        check_positions("write_sequence", start)
        if start.shape != x.shape[:1]:
            raise ShapeError(f"write_sequence: expected start of shape {x.shape[:1]}, got {start.shape}")
    return x


def write_sequence_forward(attrs: WriteSequenceAttrs, x: Array, src: Array, start: Array | None) -> Array:
    """y[n, ..., start[n] + t] = src[n, ..., t]."""
    y = x.copy()
    np.moveaxis(y, attrs.dim, 1)[_places(attrs, x, src, start)] = np.moveaxis(src, attrs.dim, 1)
    return y


def write_sequence_backward(
    attrs: WriteSequenceAttrs, grad_y: Array, x: Array, src: Array, start: Array | None
) -> tuple[Array | None, ...]:
    """Every step gets the gradient of where it went."""
    grad_x, where = grad_y.copy(), _places(attrs, x, src, start)
    np.moveaxis(grad_x, attrs.dim, 1)[where] = 0
    grad_src = np.moveaxis(np.moveaxis(grad_y, attrs.dim, 1)[where], 1, attrs.dim)
    return grad_x, grad_src, None


def sequence_extent(attrs: ReverseSequenceAttrs | WriteSequenceAttrs, *_specs: TensorSpec | None) -> Extent:
    """Any step."""
    return Mixes((attrs.dim,))


def _places(attrs: WriteSequenceAttrs, x: Array, src: Array, start: Array | None) -> tuple[Any, ...]:
    """Sample and step of everything that is written."""
    sample = np.arange(x.shape[0])[:, None]
    first = np.zeros_like(sample) if start is None else start.astype(np.int64)[:, None]
    step = first + np.arange(src.shape[attrs.dim])
    return sample, step % x.shape[attrs.dim] if attrs.circular else step


REVERSE_SEQUENCE = define_move(
    name="reverse_sequence",
    attrs=ReverseSequenceAttrs,
    inputs=("x", "lengths"),
    shape=reverse_sequence_shape,
    forward=reverse_sequence_forward,
    backward=reverse_sequence_backward,
    backward_cost=copied,
    saves=("lengths",),
    extent=sequence_extent,
)

WRITE_SEQUENCE = define_move(
    name="write_sequence",
    attrs=WriteSequenceAttrs,
    inputs=("x", "src", "start"),
    shape=write_sequence_shape,
    forward=write_sequence_forward,
    backward=write_sequence_backward,
    backward_cost=copied,
    saves=("start",),
    extent=sequence_extent,
)
