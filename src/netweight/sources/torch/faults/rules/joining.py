"""Tensors that cannot be joined."""

from __future__ import annotations

from dataclasses import replace

from torch import nn

from netweight.sources.size_origins import sizes
from netweight.sources.torch.faults.definition import made_at
from netweight.sources.torch.faults.described import described
from netweight.sources.torch.faults.failed_call import Argument
from netweight.sources.torch.faults.meeting import Meeting, Rule


def _cat(meeting: Meeting) -> None:
    meeting.tell_shapes()
    tensors = meeting.call.tensors
    dim = meeting.call.arguments.get("dim", 0)
    if len(tensors) > 1 and isinstance(dim, int):
        (_same_rank if len({len(argument.shape) for argument in tensors}) == 1 else _ranks)(meeting, tensors, dim)


def _same_rank(meeting: Meeting, tensors: tuple[Argument, ...], dim: int) -> None:
    shapes = [argument.shape for argument in tensors]
    rank = len(shapes[0])
    differing = {at for at in range(rank) if len({shape[at] for shape in shapes}) > 1}
    for at in differing - {dim % rank}:
        meeting.suggest(f"dim={at} fits", fits=meeting.call.tried({"dim": at}) is not None)
    if rank > 2 and dim % rank == 1 and 0 not in differing:
        space = shapes[0][2:]
        others = [argument for argument in tensors if argument.shape[2:] != space]
        resized = {argument.role: (*argument.shape[:2], *space) for argument in others}
        if len(others) == 1 and meeting.call.tried({"tensors": _resized(meeting, resized)}) is not None:
            _as_large(meeting, others[0], space)


def _as_large(meeting: Meeting, argument: Argument, space: tuple[int, ...]) -> None:
    """The convolution that made it padded so that its picture is as large, or the picture resized."""
    _padded(meeting, argument, space)
    name = meeting.name_of(argument)
    if name:
        meeting.suggest(f"F.interpolate({name}, size={space}) before it fits")


def _padded(meeting: Meeting, argument: Argument, space: tuple[int, ...]) -> None:
    step = meeting.trail.writer_of(argument.value) if argument.value else None
    layer = meeting.trail.layer_of(step) if step is not None else ""
    module = meeting.modules.get(layer)
    if not isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d) or isinstance(module.padding, str):
        return
    more = {
        (wanted - size) * stride for wanted, size, stride in zip(space, argument.shape[2:], module.stride, strict=True)
    }
    added = more.pop() if len(more) == 1 else 0
    if added % 2 == 0 and 0 < added < min(module.kernel_size):
        place = made_at(layer, meeting.modules)
        padding = tuple(before + added // 2 for before in module.padding)
        shown = described(module, padding=padding)
        meeting.suggest(f"{layer} as {shown}{f' at {place}' if place else ''} gives {sizes(space)} too")


def _resized(meeting: Meeting, shapes: dict[str, tuple[int, ...]]) -> list[Argument]:
    return [replace(argument, shape=shapes.get(argument.role, argument.shape)) for argument in meeting.call.tensors]


def _ranks(meeting: Meeting, tensors: tuple[Argument, ...], _dim: int) -> None:
    most = max(len(argument.shape) for argument in tensors)
    added = {argument.role: (*argument.shape, *(1,) * (most - len(argument.shape))) for argument in tensors}
    fits = meeting.call.tried({"tensors": _resized(meeting, added)}) is not None
    for argument in tensors:
        missing = most - len(argument.shape)
        if missing:
            index = ", ".join(["...", *["None"] * missing])
            meeting.suggest(f"{meeting.variable(argument)}[{index}] fits", fits=fits)


RULES: dict[str, Rule] = {"cat": _cat, "concat": _cat, "stack": _cat, "hstack": _cat, "vstack": _cat}
