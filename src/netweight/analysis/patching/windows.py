"""Windows that slide: the halo of a patch, and the padding that is left of it at the border of the input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from netweight.analysis.patching.box import Box, Interval
from netweight.analysis.patching.part import Call, CutError, Part, clipped, taps
from netweight.ops.arrays.padding import Pads
from netweight.ops.arrays.windows import Sizes, span_of


def conv(call: Call) -> Part:
    """All channels of the patch, and as much around it as the kernel reaches."""
    weight = call.inputs[1]
    assert weight is not None
    attrs = call.attrs
    reached, pads = _reached(call, span_of(weight.shape[2:], attrs.dilation), attrs.stride, attrs.padding)
    _check_mode(call, attrs.padding_mode, reached, pads)
    batch, size = call.box[0], call.x.shape[1]
    made = (batch, Interval(0, call.outputs[0].shape[1]), *call.box[2:])
    return Part(
        inputs=((batch, Interval(0, size), *reached), *call.others()),
        attrs=replace(attrs, padding=pads),
        made=(made,),
    )


def pool(call: Call) -> Part:
    """The windows of the patch; what they reach beyond the input is padding, however it came about."""
    attrs = call.attrs
    reached, pads = _reached(call, span_of(attrs.kernel_size, attrs.dilation), attrs.stride, attrs.padding)
    return _pooled(call, reached, replace(attrs, padding=pads, ceil_mode=False))


def avg_pool(call: Call) -> Part:
    """As ``pool``; what ``ceil_mode`` reads beyond the padding stays that, as it never counts."""
    attrs = call.attrs
    reached, pads = _reached(call, attrs.kernel_size, attrs.stride, attrs.padding)
    kept = tuple([(before, min(after, most)) for (before, after), (_, most) in zip(pads, attrs.padding, strict=True)])
    return _pooled(call, reached, replace(attrs, padding=kept, ceil_mode=kept != pads))


def lp_pool(call: Call) -> Part:
    """The windows of the patch, the last of them cut short where it was."""
    attrs = call.attrs
    reached, pads = _reached(call, attrs.kernel_size, attrs.stride, ((0, 0),) * len(attrs.stride))
    return _pooled(call, reached, replace(attrs, ceil_mode=any(after for _, after in pads)))


def adaptive_pool(call: Call) -> Part:
    """Windows of one size side by side; where they differ in size, only all of them.

    Raises:
        CutError: If it is global, or windows of the patch alone would not be those of the whole.
    """
    reached, counts = [], []
    for needed, size, out in zip(call.box[2:], call.x.shape[2:], call.attrs.output_size, strict=True):
        if out == 1 < size:
            raise CutError(f"{call.op}: expected an operator that reads around a position, got one that reads all")
        if size % out and needed != (0, out):
            raise CutError(f"{call.op}: expected windows of one size, got {size} positions pooled to {out}")
        window = size // out
        reached.append(Interval(0, size) if size % out else Interval(needed.start * window, needed.stop * window))
        counts.append(needed.size)
    return _pooled(call, reached, replace(call.attrs, output_size=tuple(counts)))


def _pooled(call: Call, reached: Sequence[Interval], attrs: Any) -> Part:
    return Part(inputs=((*call.box[:2], *reached),), attrs=attrs, made=(call.box,))


def _reached(call: Call, span: Sizes, stride: Sizes, padding: Pads) -> tuple[Box, Pads]:
    """Per spatial dimension the positions of the input that the patch reads, and the padding beside them."""
    settings = zip(call.box[2:], call.x.shape[2:], span, stride, padding, strict=True)
    found = [
        clipped(call.op, taps(needed, step, reach, before), size) for needed, size, reach, step, (before, _) in settings
    ]
    return tuple([inside for inside, _ in found]), tuple([pads for _, pads in found])


def _check_mode(call: Call, mode: str, reached: Sequence[Interval], pads: Pads) -> None:
    for inside, pad, size in zip(reached, pads, call.x.shape[2:], strict=True):
        check_mode(call.op, mode, inside, pad, size)


def check_mode(op: str, mode: str, inside: Interval, pad: tuple[int, int], size: int) -> None:
    """Refuse padding that is made of positions which the patch does not have.

    Raises:
        CutError: If it is.
    """
    if not any(pad) or mode in ("zeros", "replicate"):
        return
    if mode == "circular" and inside != (0, size):
        raise CutError(f"{op}: expected padding made of what lies beside it, got circular padding")
    if mode == "reflect" and max(pad) >= inside.size:
        raise CutError(f"{op}: expected patches wider than the padding that reflects them, got {inside.size} positions")
