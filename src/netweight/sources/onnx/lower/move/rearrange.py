"""Elements copied to other places: cut, padded, repeated, dealt out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netweight.errors import FormatError
from netweight.functions.move import copies
from netweight.ops.arrays.broadcast import broadcast_shape
from netweight.ops.arrays.padding import Pads
from netweight.ops.arrays.windows import out_sizes
from netweight.ops.move.creation import FullAttrs
from netweight.ops.move.rearrange import PadAttrs, RepeatAttrs
from netweight.ops.move.shuffle import PixelShuffleAttrs, PixelUnshuffleAttrs
from netweight.ops.move.slicing import SliceAttrs, SplitAttrs
from netweight.ops.window.unfold import FoldAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.lower.common import axis_of, expanded, reshaped
from netweight.sources.onnx.tensor import Tensor

_MODES: dict[str, Any] = {"constant": "zeros", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}


@lowers("Slice")
def slice_(
    call: Call,
    x: Tensor,
    starts: Tensor | None = None,
    ends: Tensor | None = None,
    axes: Tensor | None = None,
    steps: Tensor | None = None,
) -> Any:
    """Until opset 9, the positions are attributes."""
    first = call.need("starts") if starts is None else starts.ints()
    last = call.need("ends") if ends is None else ends.ints()
    along = call.attr("axes") if axes is None else axes.ints()
    every = (1,) * len(first) if steps is None else steps.ints()
    for start, end, axis, step in zip(first, last, along or range(len(first)), every, strict=True):
        dim = axis_of(axis, x.rank)
        size = x.shape[dim]
        if step < 0 and start < -size:  # what would begin before the front begins there
            start = 0  # noqa: PLW2901
        x = _sliced(call, x, dim, range(size)[start:end:step])
    return x


def _sliced(call: Call, x: Tensor, dim: int, taken: range) -> Tensor:
    """``x`` at a range of positions; a falling range is a rising one of the reversed dimension."""
    size = x.shape[dim]
    if taken == range(size):
        return x
    if taken.step < 0 and len(taken) > 1:
        x = copies.flip(call, x, dim)
        taken = range(size - 1 - taken.start, size - 1 - taken.stop, -taken.step)
        if taken == range(size):
            return x
    if taken.step < 0:  # one position, or none
        taken = range(taken.start, taken.start + 1) if taken else range(0)
    attrs = SliceAttrs(dim=dim, start=taken.start, stop=max(taken.start, taken.stop), step=taken.step)
    result: Tensor = call.op("slice", attrs, x)
    return result


@lowers("Split")
def split(call: Call, x: Tensor, split: Tensor | None = None) -> Any:
    """Equal parts, the last one smaller, unless sizes are given: as an attribute until opset 12."""
    dim = axis_of(call.attr("axis", 0), x.rank)
    sizes = call.attr("split") if split is None else split.ints()
    if sizes is None:
        count = len(call.node.output)
        if call.attr("num_outputs", count) != count:
            raise FormatError(f"Split: expected {call.attr('num_outputs')} outputs, got {count}")
        size = x.shape[dim]
        each = -(-size // count)
        sizes = [min(each, max(size - at * each, 0)) for at in range(count)]
    return tuple(parts(call, x, dim, sizes))


def parts(call: Call, x: Tensor, dim: int, sizes: Sequence[int]) -> list[Tensor]:
    """Pieces of those sizes, which may be nothing.

    Raises:
        FormatError: If the sizes are not those of all of it.
    """
    if sum(sizes) != x.shape[dim] or min(sizes, default=0) < 0:
        raise FormatError(f"{call.node.op_type}: expected sizes with the sum {x.shape[dim]}, got {tuple(sizes)}")
    if len(sizes) > 1 and min(sizes) > 0:
        return list(call.op("split", SplitAttrs(sizes=tuple(sizes), dim=dim), x))
    found, start = [], 0
    for size in sizes:
        found.append(_sliced(call, x, dim, range(start, start + size)))
        start += size
    return found


@lowers("Pad")
def pad(
    call: Call, x: Tensor, pads: Tensor | None = None, constant_value: Tensor | None = None, axes: Tensor | None = None
) -> Any:
    """Until opset 10, amounts and value are attributes. Other modes than a constant cut first, then fill."""
    name = call.attr("mode", "constant")
    if name not in _MODES:
        raise FormatError(f"Pad: expected mode {', '.join(_MODES)}, got {name!r}")
    amounts = call.need("pads") if pads is None else pads.ints()
    along = list(range(x.rank)) if axes is None else [axis_of(axis, x.rank) for axis in axes.ints()]
    if len(amounts) != 2 * len(along):
        raise FormatError(f"Pad: expected {2 * len(along)} amounts for {len(along)} axes, got {len(amounts)}")
    added = dict(zip(along, zip(amounts[: len(along)], amounts[len(along) :], strict=True), strict=True))
    padding = tuple(added.get(dim, (0, 0)) for dim in range(x.rank))
    value = call.attr("value", 0.0)
    if constant_value is not None and name == "constant":
        value = float(constant_value.item()) if constant_value.spec.numel else 0.0
    if name != "constant":
        x = _cut(call, x, padding)
        padding = tuple((max(before, 0), max(after, 0)) for before, after in padding)
    return _padded(call, x, PadAttrs(padding=padding, mode=_MODES[name], value=float(value)))


def _padded(call: Call, x: Tensor, attrs: PadAttrs) -> Tensor:
    """``x`` with elements around it: ``x`` itself if none are added, equal elements alone if ``x`` is empty."""
    if not any(amount for pad in attrs.padding for amount in pad):
        return x
    sizes = tuple(size + sum(pad) for size, pad in zip(x.shape, attrs.padding, strict=True))
    if not x.spec.numel and (attrs.mode == "zeros" or 0 in sizes):
        filled: Tensor = call.op("full", FullAttrs(shape=sizes, value=attrs.value, dtype=x.dtype))
        return filled
    result: Tensor = call.op("pad", attrs, x)
    return result


def _cut(call: Call, x: Tensor, padding: Pads) -> Tensor:
    for dim, (before, after) in enumerate(padding):
        x = _sliced(call, x, dim, range(max(-before, 0), x.shape[dim] + min(after, 0)))
    return x


@lowers("CenterCropPad")
def center_crop_pad(call: Call, x: Tensor, shape: Tensor) -> Any:
    """What is too long loses as much on both sides, what is too short gains zeros; the odd one is the last."""
    along = [axis_of(axis, x.rank) for axis in call.attr("axes", range(x.rank))]
    padding = [(0, 0)] * x.rank
    for dim, wanted in zip(along, shape.ints(), strict=True):
        size = x.shape[dim]
        start = abs(size - wanted) // 2
        if size > wanted:
            x = _sliced(call, x, dim, range(start, start + wanted))
        padding[dim] = (start, wanted - size - start) if size < wanted else (0, 0)
    return _padded(call, x, PadAttrs(padding=tuple(padding)))


@lowers("Expand")
def expand(call: Call, x: Tensor, shape: Tensor) -> Any:
    return expanded(call, x, broadcast_shape("Expand", x.shape, shape.ints()))


@lowers("Tile")
def tile(call: Call, x: Tensor, repeats: Tensor) -> Any:
    counts = repeats.ints()
    if all(count == 1 for count in counts) and len(counts) == x.rank:
        return x
    if 0 in counts:
        for dim in (dim for dim, count in enumerate(counts) if not count):
            x = _sliced(call, x, dim, range(0))
        counts = tuple(max(count, 1) for count in counts)
    return call.op("repeat", RepeatAttrs(repeats=counts), x)


@lowers("DepthToSpace")
def depth_to_space(call: Call, x: Tensor) -> Any:
    attrs = PixelShuffleAttrs(upscale_factor=call.need("blocksize"), blocks_first=call.attr("mode", "DCR") == "DCR")
    return call.op("pixel_shuffle", attrs, x)


@lowers("SpaceToDepth")
def space_to_depth(call: Call, x: Tensor) -> Any:
    attrs = PixelUnshuffleAttrs(
        downscale_factor=call.need("blocksize"), blocks_first=call.attr("mode", "DCR") == "DCR"
    )  # fmt: skip
    return call.op("pixel_unshuffle", attrs, x)


@lowers("Col2Im")
def col2im(call: Call, x: Tensor, image_shape: Tensor, block_shape: Tensor) -> Any:
    kernel, size = block_shape.ints(), image_shape.ints()
    n = len(kernel)
    stride = call.attr("strides") or (1,) * n
    dilation = call.attr("dilations") or (1,) * n
    pads = call.attr("pads") or (0,) * (2 * n)
    padding = tuple(zip(pads[:n], pads[n:], strict=True))
    windows = out_sizes("Col2Im", size, kernel, stride, padding, dilation)
    attrs = FoldAttrs(kernel_size=kernel, stride=stride, padding=padding, dilation=dilation, output_size=size)
    return call.op("fold", attrs, reshaped(call, x, (*x.shape[:2], *windows)))


@lowers("Trilu")
def trilu(call: Call, x: Tensor, k: Tensor | None = None) -> Any:
    side = copies.triu if call.attr("upper", 1) else copies.tril
    return side(call, x, 0 if k is None else int(k.item()))
