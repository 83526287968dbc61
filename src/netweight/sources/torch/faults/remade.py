"""The layer or parameter that made a size, with the size that would fit: ``b as Conv2d(3, 8, 1) at net.py:5 fits``."""

from __future__ import annotations

from torch import nn

from netweight.sources.size_origins import sizes
from netweight.sources.torch.faults.definition import made_at
from netweight.sources.torch.faults.described import described
from netweight.sources.torch.faults.failed_call import Argument
from netweight.sources.torch.faults.meeting import Meeting

_OUT = {nn.Linear: "out_features", nn.modules.conv._ConvNd: "out_channels", nn.Embedding: "embedding_dim"}


def suggest_size(meeting: Meeting, argument: Argument, dim: int, size: int) -> None:
    """What made an argument, so that one of its dimensions has another size; nothing if no single place decides it.

    Args:
        meeting: The operator that refused.
        argument: What it was given.
        dim: The dimension.
        size: What it is to have.
    """
    dim %= len(argument.shape)
    changed = (*argument.shape[:dim], size, *argument.shape[dim + 1 :])
    made = _parameter(meeting, argument, changed) if argument.owner else _layer(meeting, argument, dim, size)
    if made:
        meeting.suggest(f"{made} fits", fits=meeting.call.tried({argument.role: changed}) is not None)


def _parameter(meeting: Meeting, argument: Argument, shape: tuple[int, ...]) -> str:
    """A parameter of the user's own, with another shape; empty if a layer of PyTorch has it."""
    place = made_at(argument.owner, meeting.modules)
    owner = meeting.modules.get(argument.owner.rpartition(".")[0])
    if not place or type(owner).__module__.startswith("torch."):
        return ""
    return f"{argument.owner} of {sizes(shape)} at {place}"


def _layer(meeting: Meeting, argument: Argument, dim: int, size: int) -> str:
    """The layer that decided the size, with another setting; empty if none did alone."""
    if not argument.value:
        return ""
    origin = meeting.trail.origin(argument.value, dim)
    layer = meeting.trail.layer_of(origin.step) if origin.step is not None else ""
    module = meeting.modules.get(layer)
    key = next((name for kind, name in _OUT.items() if isinstance(module, kind)), "")
    if module is None or origin.step is None or not key or getattr(module, key) != argument.shape[dim]:
        return ""
    rank = len(meeting.trail.specs[origin.step.outputs[0]].shape)
    if rank - origin.dim != (len(module.kernel_size) + 1 if isinstance(module, nn.modules.conv._ConvNd) else 1):
        return ""  # as large by chance: it is no dimension of features
    place = made_at(layer, meeting.modules)
    return f"{layer} as {described(module, **{key: size})}{f' at {place}' if place else ''}"


def suggest_space(meeting: Meeting, argument: Argument, space: tuple[int, ...]) -> None:
    """The convolution that made a picture padded so that it is as large as another, or the picture resized.

    Args:
        meeting: The operator that refused, which accepts the picture at that size.
        argument: The picture.
        space: Height and width that it is to have.
    """
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
