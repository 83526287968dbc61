"""Reductions, positions of the largest and smallest, running totals."""

from __future__ import annotations

import math
from typing import Any

from netweight.functions import reduce as functions
from netweight.functions.move.copies import flip
from netweight.lazy import np
from netweight.ops.arrays.dtypes import held_type
from netweight.ops.move.rearrange import PadAttrs
from netweight.ops.pointwise.scalar import ScalarAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import Rule, lowers
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
    if name in _LENGTHS:
        return functions.vector_norm(call, x, _LENGTHS[name], dims, keepdim=keep)
    if name in _AROUND:
        before, after = _AROUND[name]
        total = functions.sum(call, x if before is None else call.op(before, None, x), dims, keepdim=keep)
        return total if after is None else call.op(after, None, total)
    plain = _BOOLEAN.get(name, _PLAIN[name]) if x.dtype == "bool" else _PLAIN[name]
    return getattr(functions, plain)(call, x, dims, keepdim=keep)


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


def _position(name: str, function: Rule) -> None:
    @lowers(name)
    def rule(call: Call, x: Tensor) -> Any:
        """The first of equal ones, or the last: the first from the end."""
        dim = axis_of(call.attr("axis", 0), x.rank)
        keep = bool(call.attr("keepdims", 1))
        if not call.attr("select_last_index", 0):
            return function(call, x, dim, keepdim=keep)
        from_end = function(call, flip(call, x, dim), dim, keepdim=keep)
        return call.op("rsub_scalar", ScalarAttrs(value=x.shape[dim] - 1), from_end)


def _running(name: str, function: Rule, start: float) -> None:
    @lowers(name)
    def rule(call: Call, x: Tensor, axis: Tensor) -> Any:
        """The running total from either end, with the element itself or without."""
        dim = axis_of(axis.item(), x.rank)
        exclusive = bool(call.attr("exclusive", 0))
        if exclusive and x.shape[dim] == 1:
            return call.made(x.shape, x.dtype, lambda: np.full(x.shape, start, held_type(x.dtype)))
        backwards = bool(call.attr("reverse", 0))
        y = function(call, flip(call, x, dim) if backwards else x, dim)
        if exclusive:
            moved_on = tuple((1, -1) if at == dim else (0, 0) for at in range(x.rank))
            y = call.op("pad", PadAttrs(padding=moved_on, value=start), y)
        return flip(call, y, dim) if backwards else y


_position("ArgMax", functions.argmax)
_position("ArgMin", functions.argmin)
_running("CumSum", functions.cumsum, 0.0)
_running("CumProd", functions.cumprod, 1.0)
