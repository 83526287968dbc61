"""Two tensors that cannot be spread over each other."""

from __future__ import annotations

from torch import nn

from netweight.sources.torch.faults.definition import made_at
from netweight.sources.torch.faults.described import described
from netweight.sources.torch.faults.failed_call import Argument
from netweight.sources.torch.faults.meeting import Meeting, Rule

_OUT = {nn.Linear: "out_features", nn.modules.conv._ConvNd: "out_channels", nn.Embedding: "embedding_dim"}


def _pair(meeting: Meeting) -> None:
    meeting.tell_shapes()
    tensors = meeting.call.tensors
    if len(tensors) != 2:
        return
    for argument, other in (tensors, tensors[::-1]):
        _spread(meeting, argument, other)
    for argument, other in (tensors[::-1], tensors):
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
    """The layer that made it with as many features as the other has."""
    if len(argument.shape) != len(other.shape) or not argument.value:
        return
    differing = [at for at, (a, b) in enumerate(zip(argument.shape, other.shape, strict=True)) if a != b]
    if len(differing) != 1:
        return
    origin = meeting.trail.origin(argument.value, differing[0])
    layer = meeting.trail.layer_of(origin.step) if origin.step is not None else ""
    module = meeting.modules.get(layer)
    key = next((name for kind, name in _OUT.items() if isinstance(module, kind)), "")
    if module is None or not key or getattr(module, key) != argument.shape[differing[0]]:
        return
    place = made_at(layer, meeting.modules)
    text = f"{layer} as {described(module, **{key: other.shape[differing[0]]})}{f' at {place}' if place else ''} fits"
    _try(meeting, argument, other.shape, text)


_NAMES = (
    "add", "sub", "mul", "div", "true_divide", "pow", "maximum", "minimum", "where", "eq", "lt", "gt", "le", "ge", "ne",
    "logical_and", "logical_or", "mse_loss", "l1_loss", "smooth_l1_loss", "binary_cross_entropy", "atan2", "fmod",
)  # fmt: skip
RULES: dict[str, Rule] = dict.fromkeys(_NAMES, _pair)
