"""Operators that move elements: padding, slices, and what joins, splits, turns and regroups dimensions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from netweight.analysis.patching.box import Box, Interval, hull, sizes, whole
from netweight.analysis.patching.part import Call, CutError, Part, clipped
from netweight.analysis.patching.pointwise import aligned
from netweight.analysis.patching.windows import check_mode


def pad(call: Call) -> Part:
    """What the patch has of the input, and of the padding."""
    found = []
    for needed, size, (before, _) in zip(call.box, call.x.shape, call.attrs.padding, strict=True):
        inside, pads = clipped(call.op, Interval(needed.start - before, needed.stop - before), size)
        check_mode(call.op, call.attrs.mode, inside, pads, size)
        found.append((inside, pads))
    attrs = replace(call.attrs, padding=tuple([pads for _, pads in found]))
    return Part(inputs=(tuple([inside for inside, _ in found]),), attrs=attrs, made=(call.box,))


def slice_(call: Call) -> Part:
    """From the first position taken to the last."""
    attrs = call.attrs
    needed = call.box[attrs.dim]
    start = attrs.start + needed.start * attrs.step
    stop = attrs.start + (needed.stop - 1) * attrs.step + 1
    box = (*call.box[: attrs.dim], Interval(start, stop), *call.box[attrs.dim + 1 :])
    return Part(inputs=(box,), attrs=replace(attrs, start=0, stop=stop - start), made=(call.box,))


def split(call: Call) -> Part:
    """All parts of the split, each of them as much as any is needed."""
    dim = call.attrs.dim
    joint: Box | None = None
    for needed, spec in zip(call.needed, call.outputs, strict=True):
        if needed is not None:
            if needed[dim] != (0, spec.shape[dim]):
                raise CutError(f"{call.op}: expected a split along another dimension than the patches, got dim {dim}")
            joint = hull(joint, (*needed[:dim], Interval(0, call.x.shape[dim]), *needed[dim + 1 :]))
    assert joint is not None
    made = [(*joint[:dim], Interval(0, spec.shape[dim]), *joint[dim + 1 :]) for spec in call.outputs]
    return Part(inputs=(joint,), attrs=call.attrs, made=tuple(made))


def concat(call: Call) -> Part:
    """The same part of each tensor, all of it along the dimension that joins them."""
    dim = call.attrs.dim
    call.refuse_cut(dim)
    specs = [spec for spec in call.inputs if spec is not None]
    boxes = [(*call.box[:dim], Interval(0, spec.shape[dim]), *call.box[dim + 1 :]) for spec in specs]
    return Part(inputs=tuple(boxes), attrs=call.attrs, made=(call.box,))


def permute(call: Call) -> Part:
    """The same part, its dimensions in the old order."""
    places = {dim: place for place, dim in enumerate(call.attrs.order)}
    box = tuple([call.box[places[dim]] for dim in range(len(call.box))])
    return Part(inputs=(box,), attrs=call.attrs, made=(call.box,))


def flip(call: Call) -> Part:
    """The part at the other end."""
    box = tuple([
        Interval(size - needed.stop, size - needed.start) if dim in call.attrs.dims else needed
        for dim, (needed, size) in enumerate(zip(call.box, call.x.shape, strict=True))
    ])  # fmt: skip
    return Part(inputs=(box,), attrs=call.attrs, made=(call.box,))


def expand(call: Call) -> Part:
    """The same part; all of a dimension that is stretched."""
    return Part(
        inputs=(aligned(call.box, call.x.shape),), attrs=replace(call.attrs, shape=sizes(call.box)), made=(call.box,)
    )


def reshape(call: Call) -> Part:
    """The same part along dimensions that stay what they are; all of those that merge or split."""
    old, new = call.x.shape, call.outputs[0].shape
    inside, made = list(whole(old)), list(whole(new))
    for i, j in kept_dims(old, new):
        inside[i] = made[j] = call.box[j]
    return Part(inputs=(tuple(inside),), attrs=replace(call.attrs, shape=sizes(tuple(made))), made=(tuple(made),))


def kept_dims(old: tuple[int, ...], new: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Pairs of dimensions before and after a reshape that enumerate the same positions.

    >>> list(kept_dims((1, 6, 5, 5), (1, 2, 3, 5, 5)))
    [(0, 0), (2, 3), (3, 4)]
    >>> list(kept_dims((1, 6, 1, 5), (1, 6, 5)))
    [(0, 0), (1, 1), (3, 2)]
    """
    i = j = 0
    while i < len(old) and j < len(new):
        if old[i] == new[j]:
            yield i, j
            i, j = i + 1, j + 1
            continue
        if 1 in (old[i], new[j]):
            i, j = (i + 1, j) if old[i] == 1 else (i, j + 1)
            continue
        left, right = old[i], new[j]
        i, j = i + 1, j + 1
        while left != right:
            if left < right and i < len(old):
                left, i = left * old[i], i + 1
            elif right < left and j < len(new):
                right, j = right * new[j], j + 1
            else:
                return


def reduce(call: Call) -> Part:
    """One dimension reduced, all of it; the others as they are.

    Raises:
        CutError: If several are.
    """
    attrs, rank = call.attrs, len(call.x.shape)
    dims = attrs.dims or tuple(range(rank))
    if len(dims) != 1:
        raise CutError(f"{call.op}: expected an operator that reads around a position, got one that reads all")
    dim = dims[0] % rank
    box = (*call.box[:dim], Interval(0, call.x.shape[dim]), *call.box[dim + bool(attrs.keepdim) :])
    return Part(inputs=(box,), attrs=attrs, made=(call.box,))
