"""Elements added around a tensor, and blocks of positions moved to channels or to the batch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

from netweight.errors import FormatError, ShapeError
from netweight.functions.move.copies import flip
from netweight.ops.move.rearrange import PadAttrs
from netweight.ops.move.shuffle import PixelShuffleAttrs, PixelUnshuffleAttrs
from netweight.ops.move.slicing import ConcatAttrs, SliceAttrs
from netweight.sources.onnx.lower.common import permuted, reshaped
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers
from netweight.sources.tflite.lower.layout import from_first, moved, order_of, to_first, under
from netweight.sources.tflite.lower.scales import is_quantized, need


def _pairs(call: TfliteCall, x: Tensor, padding: Tensor) -> list[tuple[int, int]]:
    """Elements before and after each dimension.

    Raises:
        ShapeError: If there are not two for each dimension.
    """
    found = padding.ints()
    if len(found) != 2 * x.rank:
        raise ShapeError(f"{call.kind}: expected two amounts for each of {x.rank} dimensions, got {found}")
    return list(zip(found[::2], found[1::2], strict=True))


def padded(
    call: TfliteCall, x: Tensor, pairs: Sequence[tuple[int, int]], value: float,
    mode: Literal["zeros", "reflect"] = "zeros",
) -> Tensor:  # fmt: skip
    """``x`` with elements around it, under a permutation that nobody has read yet."""
    order = order_of(x)
    if order is None:
        result: Tensor = call.op("pad", PadAttrs(padding=tuple(pairs), mode=mode, value=value), x)
        return result
    inside = [(0, 0)] * x.rank
    for dim, pair in enumerate(pairs):
        inside[order[dim]] = pair
    return moved(call, call.op("pad", PadAttrs(padding=tuple(inside), mode=mode, value=value), under(x)), order)


@lowers("PAD")
def pad(call: TfliteCall, x: Tensor, padding: Tensor) -> Any:
    """Zeros; of integers what stands for zero."""
    info = call.ins[0]
    value = need(info).zero if info is not None and is_quantized(info) else 0
    return padded(call, x, _pairs(call, x, padding), float(value))


@lowers("PADV2")
def pad_v2(call: TfliteCall, x: Tensor, padding: Tensor, value: Tensor) -> Any:
    return padded(call, x, _pairs(call, x, padding), float(value.item()))


@lowers("MIRROR_PAD")
def mirror_pad(call: TfliteCall, x: Tensor, padding: Tensor) -> Any:
    """What lies behind the edge in a mirror: at the outermost elements, or between them and what is added."""
    pairs = _pairs(call, x, padding)
    if call.word("mode", "MirrorPadMode") == "REFLECT":
        return padded(call, x, pairs, 0.0, "reflect")
    for dim, (before, after) in enumerate(pairs):
        size = x.shape[dim]
        if max(before, after) > size:
            raise ShapeError(f"{call.kind}: expected at most {size} elements added to {size}, got {pairs[dim]}")
        sides = [(0, before), (size - after, size)]
        mirrored = [
            flip(call, call.op("slice", SliceAttrs(dim=dim, start=first, stop=last), x), dim) if last > first else None
            for first, last in sides
        ]
        parts = [part for part in (mirrored[0], x, mirrored[1]) if part is not None]
        x = call.op("concat", ConcatAttrs(dim=dim), *parts) if len(parts) > 1 else x
    return x


@lowers("DEPTH_TO_SPACE")
def depth_to_space(call: TfliteCall, x: Tensor) -> Any:
    size = call.option("block_size")
    attrs = PixelShuffleAttrs(upscale_factor=size, blocks_first=True)
    return from_first(call, call.op("pixel_shuffle", attrs, to_first(call, _picture(call, x, size))))


@lowers("SPACE_TO_DEPTH")
def space_to_depth(call: TfliteCall, x: Tensor) -> Any:
    size = call.option("block_size")
    attrs = PixelUnshuffleAttrs(downscale_factor=size, blocks_first=True)
    return from_first(call, call.op("pixel_unshuffle", attrs, to_first(call, _picture(call, x, size))))


def _picture(call: TfliteCall, x: Tensor, size: int) -> Tensor:
    if x.rank != 4 or size < 1:
        raise FormatError(f"{call.kind}: expected x (N, H, W, C) and blocks of at least 1, got {x.shape} and {size}")
    return x


@lowers("SPACE_TO_BATCH_ND")
def space_to_batch(call: TfliteCall, x: Tensor, block: Tensor, padding: Tensor) -> Any:
    """Positions within blocks become samples."""
    blocks, amounts = block.ints(), padding.ints()
    count = len(blocks)
    _check_blocks(call, x, blocks, amounts)
    pairs = [(0, 0), *zip(amounts[::2], amounts[1::2], strict=True), *[(0, 0)] * (x.rank - count - 1)]
    value = need(call.ins[0]).zero if call.ins[0] is not None and is_quantized(call.ins[0]) else 0
    x = padded(call, x, pairs, float(value)) if any(amounts) else x
    split = [part for size, b in zip(x.shape[1 : 1 + count], blocks, strict=True) for part in (size // b, b)]
    if any(size % b for size, b in zip(x.shape[1 : 1 + count], blocks, strict=True)):
        raise ShapeError(f"{call.kind}: expected sizes that {blocks} divide, got {x.shape}")
    rest = x.shape[1 + count :]
    y = reshaped(call, x, (x.shape[0], *split, *rest))
    inner, outer = range(2, 2 + 2 * count, 2), range(1, 1 + 2 * count, 2)
    y = permuted(call, y, (*inner, 0, *outer, *range(1 + 2 * count, 1 + 2 * count + len(rest))))
    return reshaped(call, y, (math.prod(blocks) * x.shape[0], *split[::2], *rest))


@lowers("BATCH_TO_SPACE_ND")
def batch_to_space(call: TfliteCall, x: Tensor, block: Tensor, crops: Tensor) -> Any:
    """Samples become positions within blocks."""
    blocks, amounts = block.ints(), crops.ints()
    count = len(blocks)
    _check_blocks(call, x, blocks, amounts)
    whole = math.prod(blocks)
    if x.shape[0] % whole:
        raise ShapeError(f"{call.kind}: expected a number of samples that {whole} divides, got {x.shape}")
    samples, sizes, rest = x.shape[0] // whole, x.shape[1 : 1 + count], x.shape[1 + count :]
    y = reshaped(call, x, (*blocks, samples, *sizes, *rest))
    order = [count, *(dim for at in range(count) for dim in (count + 1 + at, at))]
    y = permuted(call, y, (*order, *range(2 * count + 1, 2 * count + 1 + len(rest))))
    y = reshaped(call, y, (samples, *(size * b for size, b in zip(sizes, blocks, strict=True)), *rest))
    for at in range(count):
        first, last = amounts[2 * at], y.shape[1 + at] - amounts[2 * at + 1]
        if (first, last) != (0, y.shape[1 + at]):
            y = call.op("slice", SliceAttrs(dim=1 + at, start=first, stop=last), y)
    return y


def _check_blocks(call: TfliteCall, x: Tensor, blocks: Sequence[int], amounts: Sequence[int]) -> None:
    if len(blocks) >= x.rank or len(amounts) != 2 * len(blocks) or min((*blocks, 1)) < 1 or min((*amounts, 0)) < 0:
        raise ShapeError(f"{call.kind}: expected blocks of at least 1 for {x.shape}, got {blocks} and {amounts}")
