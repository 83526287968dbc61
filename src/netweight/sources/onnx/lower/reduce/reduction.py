"""Reductions, positions of the largest and smallest, running totals."""

from __future__ import annotations

import math
from typing import Any

from netweight.lazy import np
from netweight.ops.arrays.dtypes import held_type
from netweight.ops.move.rearrange import FlipAttrs, PadAttrs
from netweight.ops.pointwise.scalar import ScalarAttrs
from netweight.ops.reduce.cumulative import CumsumAttrs
from netweight.ops.reduce.reduction import ReduceAttrs
from netweight.ops.reduce.vector_norm import VectorNormAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.lower.common import axes_of, axis_of
from netweight.sources.onnx.tensor import Tensor

_PLAIN = {
    "ReduceSum": "sum", "ReduceMean": "mean", "ReduceProd": "prod", "ReduceMax": "amax", "ReduceMin": "amin",
    "ReduceLogSumExp": "logsumexp",
}  # fmt: skip
_BOOLEAN = {"ReduceMax": "any", "ReduceMin": "all"}
_LENGTHS = {"ReduceL1": 1.0, "ReduceL2": 2.0}
# What is done to each element before, and to the result after the sum.
_AROUND = {"ReduceSumSquare": ("square", None), "ReduceLogSum": (None, "log")}
# What a reduction of no axes leaves of an element.
_ALONE = {"ReduceL1": "abs", "ReduceL2": "abs", "ReduceSumSquare": "square", "ReduceLogSum": "log"}
# What no elements at all are.
_OF_NOTHING = {
    "ReduceProd": 1.0, "ReduceMax": -math.inf, "ReduceMin": math.inf, "ReduceLogSum": -math.inf,
    "ReduceLogSumExp": -math.inf, "ReduceMean": math.nan,
}  # fmt: skip


def _rule(name: str) -> None:
    @lowers(name)
    def rule(call: Call, x: Tensor, axes: Tensor | None = None) -> Any:
        return _reduced(call, name, x, axes)


for _name in (*_PLAIN, *_LENGTHS, *_AROUND):
    _rule(_name)


def _reduced(call: Call, name: str, x: Tensor, axes: Tensor | None) -> Any:
    if axes is not None and axes.spec.numel == 0:
        axes = None
    wanted = call.attr("axes", ()) if axes is None else axes.ints()
    if not wanted and call.attr("noop_with_empty_axes", 0):
        return call.op(_ALONE[name], None, x) if name in _ALONE else x
    dims = axes_of(wanted, x.rank) or tuple(range(x.rank))
    keep = bool(call.attr("keepdims", 1))
    if any(x.shape[dim] == 0 for dim in dims):
        return _of_nothing(call, name, x, dims, keep=keep)
    attrs = ReduceAttrs(dims=dims, keepdim=keep)
    if name in _LENGTHS:
        return call.op("vector_norm", VectorNormAttrs(dims=dims, keepdim=keep, ord=_LENGTHS[name]), x)
    if name in _AROUND:
        before, after = _AROUND[name]
        total = call.op("sum", attrs, x if before is None else call.op(before, None, x))
        return total if after is None else call.op(after, None, total)
    return call.op(_BOOLEAN.get(name, _PLAIN[name]) if x.dtype == "bool" else _PLAIN[name], attrs, x)


def _of_nothing(call: Call, name: str, x: Tensor, dims: tuple[int, ...], *, keep: bool) -> Tensor:
    """The constant that a reduction of no elements is: no work."""
    sizes = [1 if dim in dims else size for dim, size in enumerate(x.shape)]
    shape = tuple(size for dim, size in enumerate(sizes) if keep or dim not in dims)
    number = _OF_NOTHING.get(name, 0.0)
    if x.dtype == "bool":
        return call.made(shape, "bool", lambda: np.full(shape, number > 0))
    kept = held_type(x.dtype)
    if not x.floating and math.isinf(number):
        number = np.iinfo(kept).max if number > 0 else np.iinfo(kept).min
    return call.made(shape, x.dtype, lambda: np.full(shape, number, kept))


@lowers("ArgMax")
def arg_max(call: Call, x: Tensor) -> Any:
    return _position(call, "argmax", x)


@lowers("ArgMin")
def arg_min(call: Call, x: Tensor) -> Any:
    return _position(call, "argmin", x)


def _position(call: Call, name: str, x: Tensor) -> Any:
    """The first of equal ones, or the last: the first from the end."""
    dim = axis_of(call.attr("axis", 0), x.rank)
    attrs = ReduceAttrs(dims=(dim,), keepdim=bool(call.attr("keepdims", 1)))
    if not call.attr("select_last_index", 0):
        return call.op(name, attrs, x)
    from_end = call.op(name, attrs, call.op("flip", FlipAttrs(dims=(dim,)), x))
    return call.op("rsub_scalar", ScalarAttrs(value=x.shape[dim] - 1), from_end)


@lowers("CumSum")
def cum_sum(call: Call, x: Tensor, axis: Tensor) -> Any:
    return _running(call, "cumsum", x, axis, 0.0)


@lowers("CumProd")
def cum_prod(call: Call, x: Tensor, axis: Tensor) -> Any:
    return _running(call, "cumprod", x, axis, 1.0)


def _running(call: Call, name: str, x: Tensor, axis: Tensor, start: float) -> Any:
    """The running total from either end, with the element itself or without."""
    dim = axis_of(axis.item(), x.rank)
    exclusive = bool(call.attr("exclusive", 0))
    if exclusive and x.shape[dim] == 1:
        return call.made(x.shape, x.dtype, lambda: np.full(x.shape, start, held_type(x.dtype)))
    backwards = bool(call.attr("reverse", 0))
    if backwards:
        x = call.op("flip", FlipAttrs(dims=(dim,)), x)
    y = call.op(name, CumsumAttrs(dim=dim), x)
    if exclusive:
        moved_on = tuple((1, -1) if at == dim else (0, 0) for at in range(x.rank))
        y = call.op("pad", PadAttrs(padding=moved_on, value=start), y)
    return call.op("flip", FlipAttrs(dims=(dim,)), y) if backwards else y
