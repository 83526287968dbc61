"""Shapes and orders, as StableHLO writes them."""

from __future__ import annotations

from typing import Any

from netweight.errors import ShapeError
from netweight.sources.onnx.lower.common import expanded, reshaped
from netweight.sources.onnx.numbers import checked_shape
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers
from netweight.sources.tflite.lower.layout import moved
from netweight.sources.tflite.lower.move.padding import padded


@lowers("STABLEHLO_RESHAPE")
def stablehlo_reshape(call: TfliteCall, x: Tensor) -> Any:
    return reshaped(call, x, call.out.shape)


@lowers("STABLEHLO_TRANSPOSE")
def stablehlo_transpose(call: TfliteCall, x: Tensor) -> Any:
    return moved(call, x, call.numbers("permutation"))


@lowers("STABLEHLO_BROADCAST_IN_DIM")
def broadcast_in_dim(call: TfliteCall, x: Tensor) -> Any:
    """Dimensions put at their places in the result, and stretched."""
    dims, shape = call.numbers("broadcast_dimensions"), checked_shape(call.out.shape, call.kind)
    if len(dims) != x.rank or any(not 0 <= dim < len(shape) for dim in dims):
        raise ShapeError(f"{call.kind}: expected a place for each dimension of {x.shape}, got {dims}")
    sizes = [1] * len(shape)
    for dim, size in zip(dims, x.shape, strict=True):
        sizes[dim] = size
    return expanded(call, reshaped(call, x, sizes), shape)


@lowers("STABLEHLO_PAD")
def stablehlo_pad(call: TfliteCall, x: Tensor, value: Tensor) -> Any:
    """Elements before and after; none between those that are there."""
    if any(call.numbers("interior_padding")):
        return NotImplemented
    pairs = list(zip(call.numbers("edge_padding_low"), call.numbers("edge_padding_high"), strict=True))
    if any(amount < 0 for pair in pairs for amount in pair):
        return NotImplemented
    return padded(call, x, pairs, float(value.item()))
