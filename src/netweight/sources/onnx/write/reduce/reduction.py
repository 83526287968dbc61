"""Reductions along some dimensions, and running ones along one."""

from __future__ import annotations

import math

from netweight.ir import is_floating
from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.step import Step


def dims_of(step: Step) -> tuple[int, ...]:
    """Dimensions that are reduced; none named means all."""
    rank = len(step.x.shape)
    return tuple(dim % rank for dim in step.attrs.dims) or tuple(range(rank))


def reduced(step: Step, op_type: str, x: str, dims: tuple[int, ...], *, keepdim: bool) -> str:
    """A reduction in the middle of a rule."""
    return step.value(op_type, x, step.ints(*dims), keepdims=int(keepdim)) if dims else step.value("Identity", x)


def _reduced_result(step: Step, dtype: str, op_type: str, x: str) -> None:
    dims = dims_of(step)
    if dims:
        step.finish(dtype, op_type, x, step.ints(*dims), keepdims=int(step.attrs.keepdim))
    else:
        step.finish(dtype, "Identity", x)


def _plain(name: str, op_type: str) -> None:
    @writes(name)
    def rule(step: Step) -> None:
        _reduced_result(step, step.y.dtype, op_type, step.typed(0, step.y.dtype))


for _name, _op_type in {"sum": "ReduceSum", "prod": "ReduceProd", "logsumexp": "ReduceLogSumExp"}.items():
    _plain(_name, _op_type)


@writes("mean")
def mean(step: Step) -> None:
    """ReduceMean; of whole numbers, rounded down to one."""
    dtype = step.x.dtype if is_floating(step.x.dtype) else "float64"
    _reduced_result(step, dtype, "ReduceMean", step.typed(0, dtype))


@writes("var")
def var(step: Step) -> None:
    """Mean square of what differs from the mean, over one less where it is corrected."""
    dims, attrs = dims_of(step), step.attrs
    away = step.value("Sub", step.names[0], reduced(step, "ReduceMean", step.names[0], dims, keepdim=True))
    count = math.prod(step.x.shape[dim] for dim in dims)
    total = reduced(step, "ReduceSumSquare", away, dims, keepdim=attrs.keepdim)
    step.result("Div", total, step.scalar(max(0, count - attrs.correction)))


def _extreme(name: str, op_type: str) -> None:
    @writes(name)
    def rule(step: Step) -> None:
        if step.x.dtype == "bool":
            numbers = step.cast(step.names[0], "bool", "int32")
            _reduced_result(step, "int32", op_type, numbers)
        else:
            _reduced_result(step, step.x.dtype, op_type, step.names[0])


_extreme("amax", "ReduceMax")
_extreme("amin", "ReduceMin")


def _pick(name: str, op_type: str) -> None:
    @writes(name)
    def rule(step: Step) -> None:
        dims, x, shape = dims_of(step), step.names[0], step.x.shape
        rest = [dim for dim in range(len(shape)) if dim not in dims]
        named = tuple(step.attrs.dims) or dims
        if len(named) == 1:
            step.finish("int64", op_type, x, axis=dims[0], keepdims=int(step.attrs.keepdim))
            return
        turned = step.transposed(x, [*rest, *(dim % len(shape) for dim in named)])
        flat = step.reshaped(turned, (*(shape[dim] for dim in rest), math.prod(shape[dim] for dim in dims)))
        step.result("Reshape", step.value(op_type, flat, axis=len(rest), keepdims=0), step.ints(*step.y.shape))


_pick("argmax", "ArgMax")
_pick("argmin", "ArgMin")


def _ask(name: str, op_type: str) -> None:
    @writes(name)
    def rule(step: Step) -> None:
        dtype = "int64" if name == "count_nonzero" else "int32"
        _reduced_result(step, dtype, op_type, step.cast(step.typed(0, "bool"), "bool", dtype))


_ask("any", "ReduceMax")
_ask("all", "ReduceMin")
_ask("count_nonzero", "ReduceSum")


@writes("histc")
def histc(step: Step) -> None:
    """For each bin how many elements have its number; elements outside of all bins are not counted."""
    attrs = step.attrs
    x, shape = step.reshaped(step.names[0], (step.x.numel, 1)), (1, attrs.bins)
    dtype = step.x.dtype if is_floating(step.x.dtype) else "float64"
    numbers = step.cast(x, step.x.dtype, dtype)
    low, high = step.scalar(attrs.min, dtype), step.scalar(attrs.max, dtype)
    beyond = (step.value("Less", numbers, low), step.value("Greater", numbers, high))
    factor = step.scalar(attrs.bins / (attrs.max - attrs.min), dtype)
    at = step.value("Floor", step.value("Mul", step.value("Sub", numbers, low), factor))
    at = step.cast(step.value("Min", at, step.scalar(attrs.bins - 1, dtype)), dtype, "int64")
    same = step.value("Equal", at, step.reshaped(step.ints(*range(attrs.bins)), shape))
    inside = step.value("Not", step.value("Or", *beyond))
    counted = step.cast(step.value("And", same, inside), "bool", step.y.dtype)
    step.result("ReduceSum", counted, step.ints(0), keepdims=0)


@writes("vector_norm")
def vector_norm(step: Step) -> None:
    """ReduceL1, ReduceL2, or the root of a sum of powers."""
    order, x = step.attrs.ord, step.names[0]
    if not step.x.shape:
        step.result("Abs", x)
        return
    if order in (1, 2):
        _reduced_result(step, step.x.dtype, f"ReduceL{int(order)}", x)
        return
    powers = step.value("Pow", step.value("Abs", x), step.scalar(order))
    total = reduced(step, "ReduceSum", powers, dims_of(step), keepdim=step.attrs.keepdim)
    step.result("Pow", total, step.scalar(1 / order))


@writes("cumsum")
def cumsum(step: Step) -> None:
    """CumSum."""
    step.result("CumSum", step.typed(0, step.y.dtype), step.scalar(step.attrs.dim, "int64"))


@writes("cumprod", "cummax", "cummin", "logcumsumexp")
def running(step: Step) -> None:
    """Reductions of the rows of a lower triangle, one row per element: ONNX does not have these running ones."""
    size, dim, rank = step.x.shape[step.attrs.dim], step.attrs.dim, len(step.x.shape)
    at_end = [at for at in range(rank) if at != dim] + [dim]
    back = [at_end.index(at) for at in range(rank)]
    x = step.transposed(step.typed(0, step.y.dtype), at_end)
    square = step.value("Unsqueeze", x, step.ints(-2))
    seen = step.value("Trilu", step.filled(1, (size, size), "int64"), upper=0)
    seen = step.cast(seen, "int64", "bool")
    reduce, beyond = {
        "cumprod": ("ReduceProd", 1.0),
        "cummax": ("ReduceMax", -math.inf),
        "cummin": ("ReduceMin", math.inf),
        "logcumsumexp": ("ReduceLogSumExp", -math.inf),
    }[step.node.op]
    if not is_floating(step.y.dtype) and math.isinf(beyond):
        raise step.unsupported("of whole numbers")
    masked = step.value("Where", seen, square, step.scalar(beyond, step.y.dtype))
    y = step.value(reduce, masked, step.ints(-1), keepdims=0)
    if len(step.makes) > 1:
        pick = "ArgMax" if step.node.op == "cummax" else "ArgMin"
        places = step.value(pick, masked, axis=-1, keepdims=0, select_last_index=1)
        step.output(1, "Transpose", places, perm=back)
    step.output(0, "Transpose", y, perm=back)
