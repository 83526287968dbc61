"""Reductions that pick an element: largest and smallest, their values and their positions.

Shapes
    x  any
    y  x with the reduced dimensions left out, or kept with size 1

Positions count within the reduced dimensions, flattened in the order they are named in. Of equal elements the first
is picked, and gets all of the gradient.

Source: torch.amax, torch.amin, torch.argmax, torch.argmin; ONNX ReduceMax, ReduceMin, ArgMax, ArgMin.
"""

from __future__ import annotations

from collections.abc import Callable

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.reduce.reduction import (
    ReduceAttrs,
    combining,
    from_rows,
    reduced_spec,
    register_reduction,
    to_rows,
)  # fmt: skip
from netweight.ops.table import copied, free, not_differentiable


def amax_forward(attrs: ReduceAttrs, x: Array) -> tuple[Array, Array]:
    """Largest element, and where it was."""
    return _picked(attrs, x, to_rows(attrs, x).argmax(axis=-1))


def amin_forward(attrs: ReduceAttrs, x: Array) -> tuple[Array, Array]:
    """Smallest element, and where it was."""
    return _picked(attrs, x, to_rows(attrs, x).argmin(axis=-1))


def pick_backward(attrs: ReduceAttrs, grad_y: Array, x: Array, *, indices: Array) -> tuple[Array]:
    """The gradient goes to the element picked."""
    rows = np.zeros(to_rows(attrs, x).shape, grad_y.dtype)
    kept = rows.shape[:-1]
    np.put_along_axis(rows, indices.reshape(*kept, 1), grad_y.reshape(*kept, 1), axis=-1)
    return (from_rows(attrs, rows, x.shape),)


def argmax_forward(attrs: ReduceAttrs, x: Array) -> Array:
    """Position of the largest element."""
    return amax_forward(attrs, x)[1]


def argmin_forward(attrs: ReduceAttrs, x: Array) -> Array:
    """Position of the smallest element."""
    return amin_forward(attrs, x)[1]


def _picked(attrs: ReduceAttrs, x: Array, positions: Array) -> tuple[Array, Array]:
    values = np.take_along_axis(to_rows(attrs, x), positions[..., None], axis=-1)
    shape = reduced_spec("amax", attrs, TensorSpec(x.shape)).shape
    return values.reshape(shape), positions.reshape(shape)


def _one_or_all(op: str) -> Callable[[ReduceAttrs, TensorSpec], None]:
    """Check that a position is one number."""

    def check(attrs: ReduceAttrs, x: TensorSpec) -> None:
        if len(attrs.dims) > 1:
            raise ShapeError(f"{op}: expected one dim or none for all, got {attrs.dims} for shape {x.shape}")

    return check


_COMPARING = combining("compares")

AMAX = register_reduction(
    "amax",
    cost=_COMPARING,
    forward=amax_forward,
    backward=pick_backward,
    backward_cost=copied,
    saves=("indices",),
    indices=True,
)
AMIN = register_reduction(
    "amin",
    cost=_COMPARING,
    forward=amin_forward,
    backward=pick_backward,
    backward_cost=copied,
    saves=("indices",),
    indices=True,
)
ARGMAX = register_reduction(
    "argmax",
    cost=_COMPARING,
    forward=argmax_forward,
    backward=not_differentiable,
    backward_cost=free,
    dtype=lambda _dtype: "int64",
    check=_one_or_all("argmax"),
)
ARGMIN = register_reduction(
    "argmin",
    cost=_COMPARING,
    forward=argmin_forward,
    backward=not_differentiable,
    backward_cost=free,
    dtype=lambda _dtype: "int64",
    check=_one_or_all("argmin"),
)
