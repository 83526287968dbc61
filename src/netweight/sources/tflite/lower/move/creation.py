"""Tensors made of sizes and numbers: shapes, ranges, equal numbers, vectors of classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netweight.functions.move.copies import diag_embed
from netweight.lazy import np
from netweight.ops.move.creation import ArangeAttrs, FullAttrs, OneHotAttrs
from netweight.sources.onnx.lower.common import axis_of, cast_to, permuted
from netweight.sources.onnx.numbers import checked_shape
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers


def filled(call: TfliteCall, shape: Sequence[int], value: float, dtype: str) -> Tensor:
    """Equal numbers."""
    from netweight.ops.arrays.dtypes import held_type

    sizes = checked_shape(shape, call.kind)
    return call.made(sizes, dtype, lambda: np.full(sizes, value, held_type(dtype)))


@lowers("SHAPE")
def shape_(call: TfliteCall, x: Tensor) -> Any:
    dtype = call.out.dtype if call.out.dtype in ("int32", "int64") else "int32"
    return call.constant(np.asarray(x.shape, dtype))


@lowers("RANK")
def rank(call: TfliteCall, x: Tensor) -> Any:
    return call.constant(np.asarray(x.rank, np.int32))


@lowers("RANGE")
def range_(call: TfliteCall, start: Tensor, limit: Tensor, delta: Tensor) -> Any:
    attrs = ArangeAttrs(start=start.item(), end=limit.item(), step=delta.item(), dtype=start.dtype)
    return call.op("arange", attrs)


@lowers("FILL")
def fill(call: TfliteCall, sizes: Tensor, value: Tensor) -> Any:
    """Sizes of equal numbers; a number that only a run has is stretched."""
    shape = checked_shape(sizes.ints(), call.kind)
    if value.known:
        return call.op("full", FullAttrs(shape=shape, value=float(value.item()), dtype=value.dtype))
    from netweight.sources.onnx.lower.common import expanded

    return expanded(call, value, shape)


@lowers("ZEROS_LIKE")
def zeros_like(call: TfliteCall, x: Tensor) -> Any:
    return call.op("full", FullAttrs(shape=x.shape, value=0.0, dtype=x.dtype))


@lowers("ONE_HOT")
def one_hot(call: TfliteCall, classes: Tensor, depth: Tensor, on: Tensor, off: Tensor) -> Any:
    """A vector for each class, along a new dimension."""
    made = call.op("one_hot", OneHotAttrs(num_classes=int(depth.item()), lenient=True), classes)
    axis = call.option("axis", -1)
    dim = axis_of(axis, classes.rank + 1)
    if dim != classes.rank:
        order = [*range(dim), classes.rank, *range(dim, classes.rank)]
        made = permuted(call, made, order)
    return call.op("where", None, cast_to(call, made, "bool"), on, off)


@lowers("MATRIX_DIAG")
def matrix_diag(call: TfliteCall, x: Tensor) -> Any:
    return diag_embed(call, x)


@lowers("MATRIX_SET_DIAG")
def matrix_set_diag(call: TfliteCall, x: Tensor, diagonal: Tensor) -> Any:
    """A matrix with its diagonal replaced."""
    from netweight.functions.move.copies import diagonal_scatter

    return diagonal_scatter(call, x, diagonal, 0, x.rank - 2, x.rank - 1)


@lowers("BROADCAST_ARGS")
def broadcast_args(call: TfliteCall, a: Tensor, b: Tensor) -> Any:
    """The shape that two shapes are stretched to."""
    return call.constant(np.asarray(np.broadcast_shapes(a.ints(), b.ints()), a.dtype))


@lowers("STABLEHLO_IOTA")
def iota(call: TfliteCall) -> Any:
    """Positions along a dimension."""
    shape, dim = call.out.shape, call.option("iota_dimension")
    if not 0 <= dim < len(shape):
        return NotImplemented
    row = np.arange(shape[dim]).reshape(-1, *(1,) * (len(shape) - dim - 1))
    return call.made(shape, call.out.dtype, lambda: np.broadcast_to(row, shape).astype(call.out.dtype))
