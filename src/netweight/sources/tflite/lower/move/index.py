"""Reading and writing by position."""

from __future__ import annotations

from typing import Any

from netweight.errors import FormatError, ShapeError
from netweight.functions.move import index as functions
from netweight.functions.move.embed import embedding
from netweight.lazy import np
from netweight.ops.move.places import IndexAttrs
from netweight.ops.move.sequences import ReverseSequenceAttrs
from netweight.sources.onnx.lower.common import axis_of, expanded, reshaped
from netweight.sources.onnx.numbers import checked_shape
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers
from netweight.sources.tflite.lower.move.creation import filled
from netweight.sources.tflite.lower.scales import is_quantized, real
from netweight.sources.tflite.tensors import weigh


def _table(call: TfliteCall, x: Tensor, at: int) -> Tensor:
    """A table that is read by position: of integers with scales, weights."""
    if is_quantized(call.ins[at]):
        weigh(x, call.ins[at])
    return x


@lowers("GATHER")
def gather(call: TfliteCall, x: Tensor, indices: Tensor) -> Any:
    """Rows of a table are an embedding; within samples, rows of each by positions of its own."""
    x = _table(call, x, 0)
    dim, batch = axis_of(call.option("axis"), x.rank), call.option("batch_dims")
    if batch:
        return _within_samples(call, x, indices, dim, batch)
    if dim == 0 and x.rank == 2 and indices.rank and x.fixed and x.stored:
        return embedding(call, indices, x)
    return call.op("index", IndexAttrs(dims=(dim,)), x, indices)


def _within_samples(call: TfliteCall, x: Tensor, indices: Tensor, dim: int, batch: int) -> Any:
    if dim != batch or not 0 < batch < indices.rank + 1:
        return NotImplemented
    return functions.gather_nd(call, x, reshaped(call, indices, (*indices.shape, 1)), batch)


@lowers("GATHER_ND")
def gather_nd(call: TfliteCall, x: Tensor, indices: Tensor) -> Any:
    return functions.gather_nd(call, _table(call, x, 0), indices)


@lowers("EMBEDDING_LOOKUP")
def embedding_lookup(call: TfliteCall, indices: Tensor, table: Tensor) -> Any:
    """Rows of a table; those of integers as the real numbers they stand for, where the result has such."""
    found = embedding(call, indices, _table(call, table, 1))
    info = call.ins[1]
    if info is None or not is_quantized(info) or is_quantized(call.out):
        return found
    if info.scales is not None and len(info.scales.scale) > 1:
        return NotImplemented
    return real(call, found, 1)


@lowers("SCATTER_ND")
def scatter_nd(call: TfliteCall, indices: Tensor, updates: Tensor, shape: Tensor) -> Any:
    """Slices added to zeros at lists of positions."""
    zeros = filled(call, checked_shape(shape.ints(), call.kind), 0, updates.dtype)
    return functions.scatter_nd(call, zeros, indices, updates, "sum")


@lowers("SPARSE_TO_DENSE")
def sparse_to_dense(call: TfliteCall, indices: Tensor, shape: Tensor, values: Tensor, default: Tensor) -> Any:
    """Values at positions, and another number everywhere else."""
    sizes = checked_shape(shape.ints(), call.kind)
    whole = filled(call, sizes, default.item(), values.dtype)
    if indices.rank < 2:
        count = indices.spec.numel
        indices = reshaped(call, indices, (count, 1) if len(sizes) == 1 else (1, count))
    rows = indices.shape[0]
    values = expanded(call, reshaped(call, values, (1,)), (rows,)) if values.spec.numel == 1 else values
    return functions.scatter_nd(call, whole, indices, reshaped(call, values, (rows,)))


_JOINED = {
    "UNSORTED_SEGMENT_SUM": ("sum", 0.0), "UNSORTED_SEGMENT_PROD": ("prod", 1.0),
    "UNSORTED_SEGMENT_MAX": ("amax", None), "UNSORTED_SEGMENT_MIN": ("amin", None),
}  # fmt: skip


def _segments(name: str, how: str, start: float | None) -> None:
    @lowers(name)
    def rule(call: TfliteCall, x: Tensor, segments: Tensor, count: Tensor) -> Any:
        """Slices joined that belong to one segment, in a row for each segment."""
        if x.shape[: segments.rank] != segments.shape:
            raise ShapeError(f"{call.kind}: expected a segment for each slice of {x.shape}, got {segments.shape}")
        first = start if start is not None else _lowest(x.dtype, negative=how == "amax")
        shape = checked_shape((count.item(), *x.shape[segments.rank :]), call.kind)
        whole = filled(call, shape, first, x.dtype)
        return functions.scatter_nd(call, whole, reshaped(call, segments, (*segments.shape, 1)), x, how)


for _name, (_how, _start) in _JOINED.items():
    _segments(_name, _how, _start)


def _lowest(dtype: str, *, negative: bool) -> float:
    """What is no more, or no less, than any number of a type."""
    from netweight.ops.arrays.dtypes import held_type

    kind = held_type(dtype)
    found = np.finfo(kind) if np.issubdtype(kind, np.floating) else np.iinfo(kind)
    return found.min if negative else found.max


@lowers("SEGMENT_SUM")
def segment_sum(call: TfliteCall, x: Tensor, segments: Tensor) -> Any:
    """Slices added up that belong to one segment; how many there are follows from the numbers of the last one."""
    ids = segments.ints()
    whole = filled(call, checked_shape((max(ids, default=-1) + 1, *x.shape[1:]), call.kind), 0, x.dtype)
    return functions.scatter_nd(call, whole, reshaped(call, segments, (*segments.shape, 1)), x, "sum")


@lowers("REVERSE_SEQUENCE")
def reverse_sequence(call: TfliteCall, x: Tensor, lengths: Tensor) -> Any:
    attrs = ReverseSequenceAttrs(
        dim=axis_of(call.option("seq_dim"), x.rank), batch_dim=axis_of(call.option("batch_dim"), x.rank)
    )
    return call.op("reverse_sequence", attrs, x, lengths)


@lowers("DYNAMIC_UPDATE_SLICE", "STABLEHLO_DYNAMIC_UPDATE_SLICE")
def dynamic_update_slice(call: TfliteCall, x: Tensor, update: Tensor, *starts: Tensor) -> Any:
    """A part written over, at a place that may follow from numbers; wherever it is, it costs the same."""
    from netweight.functions.move.copies import slice_scatter

    places = _places(starts)
    if places is None:
        call.note(f"{call.kind}: where it writes is known in a run alone; it is taken to be the start", guess=True)
        places = (0,) * x.rank
    if len(places) != x.rank or update.rank != x.rank:
        raise FormatError(f"{call.kind}: expected a place and a part of {x.rank} dimensions, got {update.shape}")
    bounds = [
        (min(max(at, 0), size - part), part) for at, size, part in zip(places, x.shape, update.shape, strict=True)
    ]
    dims = [dim for dim, (_, part) in enumerate(bounds) if part != x.shape[dim]]
    if len(dims) > 1:
        return _written(call, x, update, bounds)
    if not dims:
        return update
    first, part = bounds[dims[0]]
    return slice_scatter(call, x, update, dims[0], first, first + part)


def _places(starts: tuple[Tensor, ...]) -> tuple[int, ...] | None:
    if not all(start.known for start in starts):
        return None
    return tuple([number for start in starts for number in start.ints()])


def _written(call: TfliteCall, x: Tensor, update: Tensor, bounds: list[tuple[int, int]]) -> Any:
    """A box within the tensor, written by the lists of its positions."""
    grid = np.meshgrid(*(np.arange(first, first + part) for first, part in bounds), indexing="ij")
    places = call.constant(np.stack(grid, axis=-1).astype(np.int64))
    return functions.scatter_nd(call, x, places, update)
