"""Other shapes and other orders of the same elements."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from netweight.errors import ShapeError
from netweight.sources.onnx.lower.common import axis_of, reshaped
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers
from netweight.sources.tflite.lower.layout import moved


@lowers("RESHAPE")
def reshape(call: TfliteCall, x: Tensor, shape: Tensor | None = None) -> Any:
    """Sizes in the second input, else in the settings; one of them may be -1."""
    wanted = shape.ints() if shape is not None else call.numbers("new_shape")
    if shape is None and wanted == (0,):
        wanted = ()  # how old converters write down no dimensions
    return reshaped(call, x, filled_in(wanted, x.spec.numel))


def filled_in(sizes: Sequence[int], count: int) -> tuple[int, ...]:
    """Sizes with the number in the place of -1 that makes them hold ``count`` elements.

    Raises:
        ShapeError: If no number does, or more than one size is negative.
    """
    negative = [at for at, size in enumerate(sizes) if size < 0]
    rest = math.prod(size for size in sizes if size >= 0)
    if len(negative) > 1 or (negative and (sizes[negative[0]] != -1 or not rest or count % rest)):
        raise ShapeError(f"reshape: expected sizes that hold {count:,} elements, got {tuple(sizes)}")
    return tuple([count // rest if size < 0 else size for size in sizes])


@lowers("SQUEEZE")
def squeeze(call: TfliteCall, x: Tensor) -> Any:
    """Without dimensions of size 1: those that are named, else all."""
    named = {axis_of(dim, x.rank) for dim in call.numbers("squeeze_dims")}
    gone = named or {dim for dim, size in enumerate(x.shape) if size == 1}
    if any(x.shape[dim] != 1 for dim in gone):
        raise ShapeError(f"{call.kind}: expected dimensions of size 1, got {sorted(gone)} of {x.shape}")
    return reshaped(call, x, [size for dim, size in enumerate(x.shape) if dim not in gone])


@lowers("EXPAND_DIMS")
def expand_dims(call: TfliteCall, x: Tensor, dim: Tensor) -> Any:
    at = axis_of(dim.item(), x.rank + 1)
    return reshaped(call, x, (*x.shape[:at], 1, *x.shape[at:]))


@lowers("TRANSPOSE")
def transpose(call: TfliteCall, x: Tensor, order: Tensor) -> Any:
    return moved(call, x, [axis_of(dim, x.rank) for dim in order.ints()])
