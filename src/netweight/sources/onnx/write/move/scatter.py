"""Writing by position."""

from __future__ import annotations

import math

from netweight.ir import is_floating
from netweight.ops.quantize.scales import integer_range
from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.move.index import positions, stacked
from netweight.sources.onnx.write.step import Step

_REDUCTIONS = {"sum": "add", "mean": "add", "prod": "mul", "amax": "max", "amin": "min"}


def _source(step: Step) -> str:
    """What is written, no larger than the positions."""
    src, index = step.typed(2, step.x.dtype), step.spec(1).shape
    for dim, (size, wanted) in enumerate(zip(step.spec(2).shape, index, strict=True)):
        if wanted < size:
            src = step.sliced(src, dim, 0, wanted)
    return src


@writes("scatter")
def scatter(step: Step) -> None:
    """ScatterElements, of a tensor or of one number."""
    src = _source(step) if step.reads[2] is not None else step.filled(step.attrs.value, step.spec(1).shape)
    step.result("ScatterElements", step.names[0], positions(step, 1), src, axis=step.attrs.dim)


@writes("scatter_add")
def scatter_add(step: Step) -> None:
    """ScatterElements that adds."""
    step.result(
        "ScatterElements", step.names[0], positions(step, 1), _source(step), axis=step.attrs.dim, reduction="add"
    )


@writes("scatter_reduce")
def scatter_reduce(step: Step) -> None:
    """ScatterElements with a reduction; what must not count is written over first, a mean is a sum over a count."""
    attrs, index = step.attrs, step.spec(1).shape
    x, at, src = step.names[0], positions(step, 1), _source(step)
    mean = attrs.reduce == "mean"
    if mean and not is_floating(step.x.dtype):
        raise step.unsupported("of a mean of whole numbers")
    if not attrs.include_self:
        x = step.value("ScatterElements", x, at, step.filled(_start(step), index), axis=attrs.dim)
    settings = {"axis": attrs.dim, "reduction": _REDUCTIONS[attrs.reduce]}
    if not mean:
        step.result("ScatterElements", x, at, src, **settings)
        return
    total = step.value("ScatterElements", x, at, src, **settings)
    own = step.filled(float(attrs.include_self), step.x.shape)
    count = step.value("ScatterElements", own, at, step.filled(1, index), axis=attrs.dim, reduction="add")
    step.result("Div", total, step.value("Max", count, step.scalar(1)))


def _start(step: Step) -> float:
    """What changes nothing that it is joined with."""
    reduce, dtype = step.attrs.reduce, step.x.dtype
    if reduce in ("amax", "amin"):
        low, high = (-math.inf, math.inf) if is_floating(dtype) else integer_range(dtype)
        return low if reduce == "amax" else high
    return 1.0 if reduce == "prod" else 0.0


def _nd(name: str, reduction: str | None) -> None:
    @writes(name)
    def rule(step: Step) -> None:
        how = _REDUCTIONS[step.attrs.reduce] if name == "scatter_nd_reduce" else reduction
        step.result("ScatterND", step.names[0], positions(step, 1), step.typed(2, step.x.dtype), reduction=how)


_nd("scatter_nd", None)
_nd("scatter_nd_add", "add")
_nd("scatter_nd_reduce", None)


@writes("index_put")
def index_put(step: Step) -> None:
    """ScatterND, with the dimensions that have positions turned to the front."""
    attrs, shape = step.attrs, step.x.shape
    dims = attrs.dims
    rest = [dim for dim in range(len(shape)) if dim not in dims]
    order = [*dims, *rest]
    at, picked = stacked(step, 2, step.reads[2:])
    values = step.typed(1, step.x.dtype)
    beside = dims[-1] - dims[0] < len(dims)
    before, after = (
        ([dim for dim in rest if dim < dims[0]], [dim for dim in rest if dim > dims[0]]) if beside else ([], rest)
    )
    wide = (*(shape[dim] for dim in before), *picked, *(shape[dim] for dim in after))
    if step.spec(1).shape != wide:
        values = step.value("Expand", values, step.ints(*wide))
    inner = range(len(before), len(before) + len(picked))
    values = step.transposed(values, [*inner, *(dim for dim in range(len(wide)) if dim not in inner)])
    reduction = "add" if attrs.accumulate else None
    turned = step.transposed(step.names[0], order)
    if order == sorted(order):
        step.result("ScatterND", turned, at, values, reduction=reduction)
        return
    written = step.value("ScatterND", turned, at, values, reduction=reduction)
    step.result("Transpose", written, perm=[order.index(dim) for dim in range(len(shape))])


def _slices(name: str, reduction: str | None) -> None:
    @writes(name)
    def rule(step: Step) -> None:
        dim, shape = step.attrs.dim, step.spec(2).shape
        src = step.typed(2, step.x.dtype)
        if reduction and step.attrs.alpha != 1:
            src = step.value("Mul", src, step.scalar(step.attrs.alpha))
        along = tuple(size if at == dim else 1 for at, size in enumerate(shape))
        at = step.value("Expand", step.reshaped(positions(step, 1), along), step.ints(*shape))
        step.result("ScatterElements", step.names[0], at, src, axis=dim, reduction=reduction)


_slices("index_copy", None)
_slices("index_add", "add")


@writes("write_sequence")
def write_sequence(step: Step) -> None:
    """TensorScatter came with operator set 24: ScatterElements at the places counted from each start."""
    attrs, shape = step.attrs, step.spec(1).shape
    dim, size = attrs.dim, step.x.shape[attrs.dim]
    along = tuple(length if at == dim else 1 for at, length in enumerate(shape))
    places = step.reshaped(step.ints(*range(shape[dim])), along)
    if step.reads[2] is not None:
        starts = step.reshaped(positions(step, 2), (shape[0], *(1,) * (len(shape) - 1)))
        places = step.value("Add", places, starts)
    if attrs.circular:
        places = step.value("Mod", places, step.scalar(size, "int64"))
    at = step.value("Expand", places, step.ints(*shape))
    step.result("ScatterElements", step.names[0], at, step.typed(1, step.x.dtype), axis=dim)


@writes("reverse_sequence")
def reverse_sequence(step: Step) -> None:
    """ReverseSequence, which wants time and samples first; others are turned there and back."""
    attrs, rank = step.attrs, len(step.x.shape)
    lengths = positions(step, 1)
    if {attrs.dim, attrs.batch_dim} == {0, 1}:
        step.result("ReverseSequence", step.names[0], lengths, time_axis=attrs.dim, batch_axis=attrs.batch_dim)
        return
    order = [attrs.dim, attrs.batch_dim, *(dim for dim in range(rank) if dim not in (attrs.dim, attrs.batch_dim))]
    turned = step.value("ReverseSequence", step.transposed(step.names[0], order), lengths, time_axis=0, batch_axis=1)
    step.result("Transpose", turned, perm=[order.index(dim) for dim in range(rank)])
