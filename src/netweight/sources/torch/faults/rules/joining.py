"""Tensors that cannot be joined."""

from __future__ import annotations

from dataclasses import replace

from netweight.sources.torch.faults.failed_call import Argument
from netweight.sources.torch.faults.meeting import Meeting, Rule
from netweight.sources.torch.faults.remade import suggest_space


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
            suggest_space(meeting, others[0], space)


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
