"""Two tensors that cannot be spread over each other."""

from __future__ import annotations

from torch import nn

from netweight.sources.torch.faults.failed_call import Argument
from netweight.sources.torch.faults.meeting import Meeting, Rule
from netweight.sources.torch.faults.remade import suggest_size, suggest_space

_PICTURES = (nn.modules.conv._ConvNd, nn.modules.pooling._MaxPoolNd, nn.modules.pooling._AvgPoolNd, nn.Upsample)


def _pair(meeting: Meeting) -> None:
    meeting.tell_shapes()
    tensors = meeting.call.tensors
    if len(tensors) != 2:
        return
    for argument, other in (tensors, tensors[::-1]):
        _spread(meeting, argument, other)
    for argument, other in () if meeting.fixes else (tensors[::-1], tensors):
        _made_alike(meeting, argument, other)


def _spread(meeting: Meeting, argument: Argument, other: Argument) -> None:
    """Dimensions of size 1 added, or two swapped, so that it fits."""
    missing = len(other.shape) - len(argument.shape)
    if missing > 0 and argument.shape == other.shape[: len(argument.shape)]:
        index = ", ".join(["..."] + ["None"] * missing)
        _try(meeting, argument, (*argument.shape, *(1,) * missing), f"{meeting.variable(argument)}[{index}] fits")
    if not missing and len(argument.shape) > 1:
        swapped = (*argument.shape[:-2], argument.shape[-1], argument.shape[-2])
        if swapped == other.shape:
            _try(meeting, argument, swapped, f"{meeting.variable(argument)}.transpose(-2, -1) fits")


def _try(meeting: Meeting, argument: Argument, shape: tuple[int, ...], text: str) -> None:
    meeting.suggest(text, fits=meeting.call.tried({argument.role: shape}) is not None)


def _made_alike(meeting: Meeting, argument: Argument, other: Argument) -> None:
    """What made it with as many features as the other has, or with a picture as large."""
    rank = min(len(argument.shape), len(other.shape))
    pairs = [(at, argument.shape[at], other.shape[at]) for at in range(-rank, 0)]
    differing = [(at, theirs) for at, own, theirs in pairs if own != theirs and 1 not in (own, theirs)]
    if len(differing) == 1:
        suggest_size(meeting, argument, *differing[0])
    space = other.shape[2:]
    if len(argument.shape) == len(other.shape) > 2 and differing and all(at >= -len(space) for at, _ in differing):
        larger = all(theirs > argument.shape[at] for at, theirs in differing)
        fits = larger and meeting.call.tried({argument.role: (*argument.shape[:2], *space)}) is not None
        if fits and isinstance(_maker(meeting, argument), _PICTURES):
            suggest_space(meeting, argument, space)


def _maker(meeting: Meeting, argument: Argument) -> nn.Module | None:
    """The module that made an argument, None if it was none."""
    step = meeting.trail.writer_of(argument.value) if argument.value else None
    return meeting.modules.get(meeting.trail.layer_of(step)) if step is not None else None


_NAMES = (
    "add", "sub", "mul", "div", "true_divide", "pow", "maximum", "minimum", "where", "eq", "lt", "gt", "le", "ge", "ne",
    "logical_and", "logical_or", "mse_loss", "l1_loss", "smooth_l1_loss", "binary_cross_entropy", "atan2", "fmod",
)  # fmt: skip
RULES: dict[str, Rule] = dict.fromkeys(_NAMES, _pair)
