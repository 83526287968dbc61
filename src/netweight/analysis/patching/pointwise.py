"""Operators that read the same position, and those that mix some dimensions and leave the others alone."""

from __future__ import annotations

from netweight.analysis.patching.box import Box, Interval
from netweight.analysis.patching.part import Call, CutError, Part


def broadcast(call: Call) -> Part:
    """The same part of every input, dimensions aligned from the right; all of a dimension of size 1."""
    return Part(
        inputs=tuple([None if spec is None else aligned(call.box, spec.shape) for spec in call.inputs]),
        attrs=call.attrs,
        made=(call.box,),
    )


def aligned(box: Box, shape: tuple[int, ...]) -> Box:
    """The part of a tensor that a part of what it is broadcast to reads."""
    matching = box[len(box) - len(shape) :]
    return tuple([Interval(0, 1) if size == 1 else needed for needed, size in zip(matching, shape, strict=True)])


def same_part(call: Call) -> Part:
    """The same part of the first input; what belongs to channels as it is."""
    if len(call.inputs) > 1 and len(call.box) > 1:
        call.refuse_cut(1)
    if call.x.shape != call.outputs[0].shape:
        raise CutError(f"{call.op}: expected an output of the shape of its input, got {call.outputs[0].shape}")
    return Part(inputs=(call.box, *call.others()), attrs=call.attrs, made=(call.box,))


def scaled(call: Call) -> Part:
    """The same part of the first input; of a scale for each position along a dimension all, so that stays whole."""
    dim = getattr(call.attrs, "dim", None)
    if dim is not None:
        call.refuse_cut(dim)
    return Part(inputs=(call.box, *call.others()), attrs=call.attrs, made=(call.box,))


def mixes_last(call: Call) -> Part:
    """The last dimension whole, on both sides."""
    last = len(call.box) - 1
    call.refuse_cut(last)
    box = (*call.box[:-1], Interval(0, call.x.shape[-1]))
    return Part(inputs=(box, *call.others()), attrs=call.attrs, made=(call.box,))


def layer_norm(call: Call) -> Part:
    """The normalised dimensions whole."""
    rank = len(call.box)
    call.refuse_cut(*range(rank - len(call.attrs.normalized_shape), rank))
    return Part(inputs=(call.box, *call.others()), attrs=call.attrs, made=(call.box,))


def along_dim(call: Call) -> Part:
    """One dimension whole, such as that of a softmax; it may have another size in the input."""
    dim = call.attrs.dim % len(call.box)
    call.refuse_cut(dim)
    box = (*call.box[:dim], Interval(0, call.x.shape[dim]), *call.box[dim + 1 :])
    return Part(inputs=(box,), attrs=call.attrs, made=(call.box,))


def over_channels(call: Call) -> Part:
    """Channels whole, the positions as they are: a shuffle of channels."""
    call.refuse_cut(1)
    return Part(inputs=(call.box,), attrs=call.attrs, made=(call.box,))
