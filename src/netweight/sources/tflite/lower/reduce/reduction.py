"""Reductions over dimensions, and running sums."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from netweight.errors import FormatError
from netweight.functions import reduce as functions
from netweight.functions.move.copies import flip
from netweight.ops.move.rearrange import PadAttrs
from netweight.ops.move.slicing import SliceAttrs
from netweight.ops.pointwise.unary import CastAttrs
from netweight.ops.reduce.reduction import ReduceAttrs
from netweight.sources.onnx.lower.common import axes_of, axis_of, cast_to
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers
from netweight.sources.tflite.lower.layout import moved, order_of, under
from netweight.sources.tflite.lower.scales import in_reals, is_quantized, need, requantized


def reduced(call: TfliteCall, op: str, x: Tensor, dims: Sequence[int], *, keep: bool) -> Tensor:
    """``x`` without dimensions, which are counted in the order of the file."""
    order = order_of(x)
    if not dims:
        return x
    if order is None:
        result: Tensor = call.op(op, ReduceAttrs(dims=tuple(dims), keepdim=keep), x)
        return result
    gone = tuple(sorted(order[dim] for dim in dims))
    y: Tensor = call.op(op, ReduceAttrs(dims=gone, keepdim=keep), under(x))
    if keep:
        return moved(call, y, order)
    left = [order[dim] for dim in range(x.rank) if dim not in dims]
    return moved(call, y, [sorted(left).index(dim) for dim in left])


def _dims(x: Tensor, axes: Tensor) -> tuple[int, ...]:
    return axes_of(sorted({axis_of(axis, x.rank) for axis in axes.ints()}), x.rank)


def _summing(name: str, op: str, *, mean: bool) -> None:
    @lowers(name)
    def rule(call: TfliteCall, x: Tensor, axes: Tensor) -> Any:
        dims, keep = _dims(x, axes), bool(call.option("keep_dims"))
        if not is_quantized(call.ins[0]):
            return reduced(call, op, x, dims, keep=keep)
        return _of_integers(call, x, dims, keep=keep, mean=mean)


def _of_integers(call: TfliteCall, x: Tensor, dims: Sequence[int], *, keep: bool, mean: bool) -> Tensor:
    """The sum of integers, less the zero points in it, brought to the scale of the result."""
    info = call.ins[0]
    assert info is not None  # the input was given
    count = math.prod(x.shape[dim] for dim in dims)
    wide = moved(call, call.op("cast", CastAttrs(dtype="int32"), under(x)), order_of(x) or range(x.rank))
    sums = reduced(call, "sum", wide, dims, keep=keep)
    zero = need(info).zero * count
    scale = [need(info).scale[0] / (max(count, 1) if mean else 1)]
    order = order_of(sums)
    inside = under(sums)
    inside = call.op("sub", None, inside, call.like(zero, inside)) if zero else inside
    return moved(call, requantized(call, inside, scale, activation=False), order or range(sums.rank))


_summing("SUM", "sum", mean=False)
_summing("MEAN", "mean", mean=True)


@lowers("REDUCE_PROD")
def reduce_prod(call: TfliteCall, x: Tensor, axes: Tensor) -> Any:
    keep = bool(call.option("keep_dims"))
    return in_reals(call, lambda part: reduced(call, "prod", part, _dims(x, axes), keep=keep), x)


def _picking(name: str, op: str) -> None:
    @lowers(name)
    def rule(call: TfliteCall, x: Tensor, axes: Tensor) -> Any:
        return reduced(call, op, x, _dims(x, axes), keep=bool(call.option("keep_dims")))


_picking("REDUCE_MAX", "amax")
_picking("REDUCE_MIN", "amin")
_picking("REDUCE_ANY", "any")
_picking("REDUCE_ALL", "all")


def _placing(name: str, op: Callable[..., Any]) -> None:
    @lowers(name)
    def rule(call: TfliteCall, x: Tensor, axis: Tensor) -> Any:
        return cast_to(call, op(call, x, axis_of(axis.item(), x.rank)), call.out.dtype)


_placing("ARG_MAX", functions.argmax)
_placing("ARG_MIN", functions.argmin)


@lowers("CUMSUM")
def cumsum(call: TfliteCall, x: Tensor, axis: Tensor) -> Any:
    """Sums up to each element, or up to the one before; from the end if the call says so."""
    dim = axis_of(axis.item(), x.rank)
    y: Tensor = flip(call, x, dim) if call.option("reverse") else x
    y = functions.cumsum(call, y, dim)
    if call.option("exclusive"):
        pads = tuple((1, 0) if at == dim else (0, 0) for at in range(x.rank))
        shifted = call.op("pad", PadAttrs(padding=pads), y)
        y = call.op("slice", SliceAttrs(dim=dim, start=0, stop=x.shape[dim]), shifted)
    return flip(call, y, dim) if call.option("reverse") else y


@lowers("L2_NORMALIZATION")
def l2_normalization(call: TfliteCall, x: Tensor) -> Any:
    """x over the root of the sum of squares along the last dimension."""

    def compute(part: Tensor) -> Tensor:
        squares = functions.sum(call, call.op("square", None, part), part.rank - 1, keepdim=True)
        result: Tensor = call.op("mul", None, part, call.op("rsqrt", None, squares))
        return result

    if not x.rank:
        raise FormatError(f"{call.kind}: expected at least one dimension, got none")
    return in_reals(call, compute, x)
