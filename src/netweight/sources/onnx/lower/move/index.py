"""Reading and writing by position."""

from __future__ import annotations

from typing import Any

from netweight.errors import FormatError
from netweight.functions.move import index as functions
from netweight.functions.move.embed import embedding
from netweight.ops.move.creation import OneHotAttrs
from netweight.ops.move.places import IndexAttrs
from netweight.ops.move.sequences import ReverseSequenceAttrs, WriteSequenceAttrs
from netweight.ops.move.slicing import SliceAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.lower.common import axis_of, cast_to, permuted, reshaped
from netweight.sources.onnx.tensor import Tensor, is_weight

_NARROW = ("int8", "uint8", "int4", "uint4", "int2", "uint2")
_REDUCED = {"none": "none", "add": "sum", "mul": "prod", "max": "amax", "min": "amin"}


@lowers("Gather")
def gather(call: Call, x: Tensor, indices: Tensor) -> Any:
    """Rows of a table are an embedding; one known position of what is computed or learned is a view."""
    dim = axis_of(call.attr("axis", 0), x.rank)
    if dim == 0 and x.rank == 2 and indices.rank and _is_table(x):
        return embedding(call, indices, x)
    if indices.rank == 0 and indices.known and (not x.fixed or _is_table(x)):
        at = int(indices.item())
        size = x.shape[dim]
        if not -size <= at < size:
            raise FormatError(f"Gather: expected a position from {-size} to {size - 1}, got {at}")
        taken = call.op("slice", SliceAttrs(dim=dim, start=at % size, stop=at % size + 1), x)
        return reshaped(call, taken, (*x.shape[:dim], *x.shape[dim + 1 :]))
    return call.op("index", IndexAttrs(dims=(dim,)), x, indices)


def _is_table(x: Tensor) -> bool:
    """Whether it is learned, quantised or not; other stored integers are positions."""
    return is_weight(x) or x.learned or (x.stored and x.dtype in _NARROW)


@lowers("GatherElements")
def gather_elements(call: Call, x: Tensor, indices: Tensor) -> Any:
    return functions.gather(call, x, axis_of(call.attr("axis", 0), x.rank), indices)


@lowers("GatherND")
def gather_nd(call: Call, x: Tensor, indices: Tensor) -> Any:
    return functions.gather_nd(call, x, indices, call.attr("batch_dims", 0))


@lowers("ScatterElements", "Scatter")
def scatter_elements(call: Call, x: Tensor, indices: Tensor, updates: Tensor) -> Any:
    dim = axis_of(call.attr("axis", 0), x.rank)
    how = _reduced(call)
    if how == "none":
        return functions.scatter(call, x, dim, indices, updates)
    return functions.scatter_reduce(call, x, dim, indices, updates, how)


@lowers("ScatterND")
def scatter_nd(call: Call, x: Tensor, indices: Tensor, updates: Tensor) -> Any:
    return functions.scatter_nd(call, x, indices, updates, _reduced(call))


def _reduced(call: Call) -> str:
    """What becomes of elements that meet."""
    reduction = call.attr("reduction", "none")
    if reduction not in _REDUCED:
        raise FormatError(f"{call.node.op_type}: expected reduction {', '.join(_REDUCED)}, got {reduction!r}")
    return _REDUCED[reduction]


@lowers("TensorScatter")
def tensor_scatter(call: Call, cache: Tensor, update: Tensor, write_indices: Tensor | None = None) -> Any:
    mode = call.attr("mode", "linear")
    if mode not in ("linear", "circular"):
        raise FormatError(f"TensorScatter: expected mode linear or circular, got {mode!r}")
    attrs = WriteSequenceAttrs(dim=axis_of(call.attr("axis", -2), cache.rank), circular=mode == "circular")
    return call.op("write_sequence", attrs, cache, update, write_indices)


@lowers("ReverseSequence")
def reverse_sequence(call: Call, x: Tensor, sequence_lens: Tensor) -> Any:
    attrs = ReverseSequenceAttrs(
        dim=axis_of(call.attr("time_axis", 0), x.rank), batch_dim=axis_of(call.attr("batch_axis", 1), x.rank)
    )
    return call.op("reverse_sequence", attrs, x, sequence_lens)


@lowers("OneHot")
def one_hot(call: Call, indices: Tensor, depth: Tensor, values: Tensor) -> Any:
    """Ones and zeros are copied; other values are chosen."""
    rank = indices.rank + 1
    axis = axis_of(call.attr("axis", -1), rank)
    positions = cast_to(call, indices, "int64") if indices.floating else indices
    made = call.op("one_hot", OneHotAttrs(num_classes=int(depth.item()), lenient=True), positions)
    if axis != rank - 1:
        order = list(range(rank - 1))
        order.insert(axis, rank - 1)
        made = permuted(call, made, order)
    if values.known and values.floats() == (0.0, 1.0):
        return cast_to(call, made, values.dtype)
    off, on = (reshaped(call, call.op("slice", SliceAttrs(dim=0, start=at, stop=at + 1), values), ()) for at in (0, 1))
    return call.op("where", None, cast_to(call, made, "bool"), on, off)
