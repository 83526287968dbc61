"""Operators that give several positions for one: what a patch reads, and what is cut off of what it makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

from netweight.analysis.patching.box import Box, Interval, sizes
from netweight.analysis.patching.part import Call, Part
from netweight.ops.arrays.windows import span_of
from netweight.ops.sample.resize import ResizeAttrs, weights_along

_MARGINS = 4
"""Units of distance that a resize may read beyond what a patch is interpolated from, so that all distances are kept."""


def conv_transpose(call: Call) -> Part:
    """The inputs whose windows lie over the patch; of their windows what is outside of it is cut off."""
    weight, attrs = call.inputs[1], call.attrs
    assert weight is not None
    rows = zip(
        call.box[2:], call.x.shape[2:], span_of(weight.shape[2:], attrs.dilation), attrs.stride, attrs.padding,
        strict=True,
    )  # fmt: skip
    found = [_transposed(needed, size, span, step, before) for needed, size, span, step, (before, _) in rows]
    changed = replace(
        attrs, padding=tuple([pad for _, pad, _ in found]), output_padding=tuple([more for _, _, more in found])
    )
    batch, channels = call.box[0], call.x.shape[1]
    return Part(
        inputs=((batch, Interval(0, channels), *[inside for inside, _, _ in found]), *call.others()),
        attrs=changed,
        made=((batch, Interval(0, call.outputs[0].shape[1]), *call.box[2:]),),
    )


def _transposed(
    needed: Interval, size: int, span: int, step: int, before: int
) -> tuple[Interval, tuple[int, int], int]:
    """Inputs, what is cut off before and after their windows, and what is added after those.

    Input i lies over the outputs from i * step - before on.
    """
    first = min(-(-(needed.start + before - span + 1) // step), (needed.start + before) // step)
    inside = Interval(min(max(first, 0), size - 1), min((needed.stop - 1 + before) // step + 1, size))
    start = inside.start * step - before
    stop = (inside.stop - 1) * step - before + span
    return inside, (needed.start - start, max(stop - needed.stop, 0)), max(needed.stop - stop, 0)


def resize(call: Call) -> Part:
    """The elements that the patch is interpolated from, and those beside them that keep the distances what they are."""
    attrs = call.attrs
    first = len(call.box) - len(attrs.size)
    found = [_resized(attrs, dim, call.x.shape[first + dim], needed) for dim, needed in enumerate(call.box[first:])]
    made = (*call.box[:first], *[made for _, made in found])
    return Part(
        inputs=((*call.box[:first], *[inside for inside, _ in found]),),
        attrs=replace(attrs, size=sizes(made[first:])),
        made=(made,),
    )


@lru_cache(maxsize=4096)
def _resized(attrs: ResizeAttrs, dim: int, size: int, needed: Interval) -> tuple[Interval, Interval]:
    """Along one dimension what is read, and what the same resize makes of it: as much as needed, or more.

    Where the weights do not repeat, as with aligned corners, no part gives the same ones: that is all of it.
    """
    out = attrs.size[dim]
    if needed == (0, out):
        return Interval(0, size), needed
    ratio = Fraction(out, size)
    grain = ratio.denominator
    reads = [_merged(attrs, dim, size, at) for at in range(needed.start, needed.stop)]
    first, last = min(min(taps) for taps in reads), max(max(taps) for taps in reads)
    for margin in range(_MARGINS):
        start = max((first // grain - margin) * grain, 0)
        stop = min((-(-(last + 1) // grain) + margin) * grain, size)
        if (start, stop) == (0, size):
            break
        made = Interval(int(start * ratio), int(stop * ratio))
        if made.start <= needed.start and needed.stop <= made.stop:
            part = replace(attrs, size=_with(attrs.size, dim, made.size))
            alone = [_merged(part, dim, stop - start, at - made.start) for at in range(needed.start, needed.stop)]
            if [{at + start: weight for at, weight in taps.items()} for taps in alone] == reads:
                return Interval(start, stop), made
    return Interval(0, size), Interval(0, out)


def _with(values: tuple[int, ...], place: int, value: int) -> tuple[int, ...]:
    return (*values[:place], value, *values[place + 1 :])


def _merged(attrs: ResizeAttrs, dim: int, size: int, at: int) -> Mapping[int, Any]:
    """Weight of each element that an output is made of; beyond the edge that is the element at the edge."""
    return _all_merged(attrs, dim, size)[at]


@lru_cache(maxsize=256)
def _all_merged(attrs: ResizeAttrs, dim: int, size: int) -> list[dict[int, Any]]:
    found = []
    for pairs in weights_along(attrs, dim, size):
        merged: dict[int, Any] = {}
        for near, weight in pairs:
            if weight:
                at = min(max(near, 0), size - 1)
                merged[at] = merged.get(at, 0) + weight
        found.append(merged or {0: 0})
    return found


def pixel_shuffle(call: Call) -> Part:
    """The positions whose blocks meet the patch, with all channels."""
    factor = call.attrs.upscale_factor
    inside = [Interval(start // factor, -(-stop // factor)) for start, stop in call.box[-2:]]
    made = [Interval(start * factor, stop * factor) for start, stop in inside]
    return _shuffled(call, inside, made)


def pixel_unshuffle(call: Call) -> Part:
    """The blocks of the patch, with all channels."""
    factor = call.attrs.downscale_factor
    return _shuffled(call, [Interval(a * factor, b * factor) for a, b in call.box[-2:]], call.box[-2:])


def _shuffled(call: Call, inside: list[Interval], made: list[Interval] | Box) -> Part:
    lead = call.box[:-3]
    channels, before = call.outputs[0].shape[-3], call.x.shape[-3]
    return Part(
        inputs=((*lead, Interval(0, before), *inside),),
        attrs=call.attrs,
        made=((*lead, Interval(0, channels), *made),),
    )
