"""Parts of tensors, and tensors put together of parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netweight.errors import FormatError, ShapeError
from netweight.functions.move.copies import flip
from netweight.ops.move.rearrange import RepeatAttrs
from netweight.ops.move.slicing import ConcatAttrs, SliceAttrs, SplitAttrs
from netweight.sources.onnx.lower.common import axis_of, reshaped
from netweight.sources.onnx.lower.parts import cut
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers
from netweight.sources.tflite.lower.layout import moved, order_of, under
from netweight.sources.tflite.lower.scales import activated, clamped, is_quantized, rescaled


@lowers("CONCATENATION")
def concatenation(call: TfliteCall, *parts: Tensor) -> Any:
    """Integers at the scale of the result."""
    if not parts:
        raise FormatError(f"{call.kind}: expected at least one tensor, got none")
    if is_quantized(call.ins[0]):
        same = [_rescaled(call, part, at) for at, part in enumerate(parts)]
        return _joined(call, same, call.option("axis"), clamped)
    return _joined(call, parts, call.option("axis"), activated)


def _rescaled(call: TfliteCall, part: Tensor, at: int) -> Tensor:
    order = order_of(part)
    return rescaled(call, part, at) if order is None else moved(call, rescaled(call, under(part), at), order)


def _joined(call: TfliteCall, parts: Sequence[Tensor], axis: int, after: Any) -> Tensor:
    dim = axis_of(axis, parts[0].rank)
    orders = {order_of(part) for part in parts}
    order = orders.pop() if len(orders) == 1 else None
    if order is None:
        result: Tensor = after(call, call.op("concat", ConcatAttrs(dim=dim), *parts))
        return result
    return moved(call, after(call, call.op("concat", ConcatAttrs(dim=order[dim]), *map(under, parts))), order)


@lowers("STABLEHLO_CONCATENATE")
def stablehlo_concatenate(call: TfliteCall, *parts: Tensor) -> Any:
    return call.op("concat", ConcatAttrs(dim=axis_of(call.option("dimension"), parts[0].rank)), *parts)


@lowers("PACK")
def pack(call: TfliteCall, *parts: Tensor) -> Any:
    """Along a new dimension."""
    if not parts:
        raise FormatError(f"{call.kind}: expected at least one tensor, got none")
    dim = axis_of(call.option("axis"), parts[0].rank + 1)
    if is_quantized(call.ins[0]):
        parts = tuple([rescaled(call, part, at) for at, part in enumerate(parts)])
    rows = [reshaped(call, part, (*part.shape[:dim], 1, *part.shape[dim:])) for part in parts]
    return call.op("concat", ConcatAttrs(dim=dim), *rows)


@lowers("UNPACK")
def unpack(call: TfliteCall, x: Tensor) -> Any:
    """Each position of a dimension by itself."""
    dim = axis_of(call.option("axis"), x.rank)
    if not x.rank or len(call.outs) != x.shape[dim]:
        raise FormatError(f"{call.kind}: expected as many outputs as {x.shape} has along {dim}, got {len(call.outs)}")
    rest = (*x.shape[:dim], *x.shape[dim + 1 :])
    return tuple([reshaped(call, cut(call, x, dim, at, at + 1), rest) for at in range(x.shape[dim])])


def _parts(call: TfliteCall, x: Tensor, sizes: Sequence[int], dim: int) -> tuple[Tensor, ...]:
    order = order_of(x)
    if order is None:
        made = call.op("split", SplitAttrs(sizes=tuple(sizes), dim=dim), x)
        return made if isinstance(made, tuple) else (made,)
    made = call.op("split", SplitAttrs(sizes=tuple(sizes), dim=order[dim]), under(x))
    return tuple([moved(call, part, order) for part in (made if isinstance(made, tuple) else (made,))])


@lowers("SPLIT")
def split(call: TfliteCall, axis: Tensor, x: Tensor) -> Any:
    """Into equal parts."""
    dim, count = axis_of(axis.item(), x.rank), call.option("num_splits") or len(call.outs)
    if not 0 < count <= max(len(call.outs), 1) or x.shape[dim] % count:
        raise FormatError(f"{call.kind}: expected a dimension that {count} parts divide, got {x.shape}")
    return _parts(call, x, [x.shape[dim] // count] * count, dim)


@lowers("SPLIT_V")
def split_v(call: TfliteCall, x: Tensor, sizes: Tensor, axis: Tensor) -> Any:
    """Into parts of sizes; one of them may be -1."""
    dim = axis_of(axis.item(), x.rank)
    found = list(sizes.ints())
    if found.count(-1) == 1:
        found[found.index(-1)] = x.shape[dim] - sum(size for size in found if size >= 0)
    return _parts(call, x, found, dim)


@lowers("SLICE")
def slice_(call: TfliteCall, x: Tensor, begin: Tensor, size: Tensor) -> Any:
    """From ``begin`` on, as many as ``size``; -1 for the rest."""
    begins, sizes = begin.ints(), size.ints()
    if not len(begins) == len(sizes) == x.rank:
        raise ShapeError(f"{call.kind}: expected {x.rank} positions and sizes, got {begins} and {sizes}")
    ends = [
        first + count if count >= 0 else x.shape[dim]
        for dim, (first, count) in enumerate(zip(begins, sizes, strict=True))
    ]
    for dim, (first, end) in enumerate(zip(begins, ends, strict=True)):
        if not 0 <= first <= end <= x.shape[dim]:
            raise ShapeError(
                f"{call.kind}: expected positions within {x.shape}, got {first} to {end} of dimension {dim}"
            )
    return _cut_all(call, x, begins, ends, [1] * x.rank)


def _cut_all(call: TfliteCall, x: Tensor, begins: Sequence[int], ends: Sequence[int], step: Sequence[int]) -> Tensor:
    """A range of each dimension, under a permutation that nobody has read yet."""
    order = order_of(x)
    base = under(x)
    for dim, (first, end, every) in enumerate(zip(begins, ends, step, strict=True)):
        if (first, end, every) != (0, x.shape[dim], 1):
            at = dim if order is None else order[dim]
            attrs = SliceAttrs(dim=at, start=first, stop=max(first, end), step=every)
            base = call.op("slice", attrs, base)
    return base if order is None else moved(call, base, order)


@lowers("STABLEHLO_SLICE")
def stablehlo_slice(call: TfliteCall, x: Tensor) -> Any:
    begins, ends, step = call.numbers("start_indices"), call.numbers("limit_indices"), call.numbers("strides")
    return _cut_all(call, x, begins, ends, step)


@lowers("STRIDED_SLICE")
def strided_slice(call: TfliteCall, x: Tensor, begin: Tensor, end: Tensor, step: Tensor) -> Any:
    """Ranges with steps, as Python's; masks say which bounds are left out, which dimensions are new, which go away."""
    ranges, shape = _ranges(call, x, begin.ints(), end.ints(), step.ints())
    back = [dim for dim, (_, _, every) in enumerate(ranges) if every < 0]
    if back:
        x = flip(call, x, back)
        ranges = [
            (x.shape[dim] - 1 - first, x.shape[dim] - 1 - last, -every) if every < 0 else (first, last, every)
            for dim, (first, last, every) in enumerate(ranges)
        ]
    y = _cut_all(call, x, *zip(*ranges, strict=True)) if ranges else x
    return reshaped(call, y, shape) if shape != y.shape else y


def _ranges(
    call: TfliteCall, x: Tensor, begins: Sequence[int], ends: Sequence[int], steps: Sequence[int]
) -> tuple[list[tuple[int, int, int]], tuple[int, ...]]:
    """Range of each dimension of ``x``, and the shape of the result.

    Raises:
        ShapeError: If there are other dimensions than ranges, or a step is 0.
    """
    if not len(begins) == len(ends) == len(steps) or not all(steps):
        raise ShapeError(
            f"{call.kind}: expected as many bounds as steps other than 0, got {begins}, {ends} and {steps}"
        )
    masks = {name: call.option(f"{name}_mask") for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")}
    ranges: list[tuple[int, int, int]] = []
    shape: list[int] = []
    named = sum(1 for at in range(len(begins)) if not (masks["new_axis"] | masks["ellipsis"]) >> at & 1)
    for at, (first, last, every) in enumerate(zip(begins, ends, steps, strict=True)):
        if masks["ellipsis"] >> at & 1:
            whole = [(0, size, 1) for size in x.shape[len(ranges) : len(ranges) + x.rank - named]]
            ranges += whole
            shape += [size for _, size, _ in whole]
            continue
        if masks["new_axis"] >> at & 1:
            shape.append(1)
            continue
        if len(ranges) >= x.rank:
            raise ShapeError(f"{call.kind}: expected at most {x.rank} ranges, got more")
        size = x.shape[len(ranges)]
        if masks["shrink_axis"] >> at & 1:
            place = first + size if first < 0 else first
            if not 0 <= place < size:
                raise ShapeError(f"{call.kind}: expected a position below {size}, got {first}")
            ranges.append((place, place + 1, 1))
            continue
        bounds = slice(
            None if masks["begin"] >> at & 1 else first, None if masks["end"] >> at & 1 else last, every
        ).indices(size)
        ranges.append(bounds)
        shape.append(len(range(*bounds)))
    rest = x.shape[len(ranges) :]
    return [*ranges, *((0, size, 1) for size in rest)], (*shape, *rest)


@lowers("TILE")
def tile(call: TfliteCall, x: Tensor, repeats: Tensor) -> Any:
    return call.op("repeat", RepeatAttrs(repeats=repeats.ints()), x)


@lowers("REVERSE_V2")
def reverse(call: TfliteCall, x: Tensor, axes: Tensor) -> Any:
    return flip(call, x, [axis_of(axis, x.rank) for axis in axes.ints()])
