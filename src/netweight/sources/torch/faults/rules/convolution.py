"""Convolutions of other channels, another rank, or less than one window."""

from __future__ import annotations

from torch import nn

from netweight.sources.size_origins import sizes
from netweight.sources.torch.faults.failed_call import Argument
from netweight.sources.torch.faults.meeting import Meeting, Rule

_ORDER = {1: "(0, 2, 1)", 2: "(0, 3, 1, 2)", 3: "(0, 4, 1, 2, 3)"}


def _conv(meeting: Meeting) -> None:
    x, weight = meeting.call.tensor("input"), meeting.call.tensor("weight")
    if x is None or weight is None:
        return meeting.tell_shapes()
    space = len(weight.shape) - 2
    if len(x.shape) not in (space + 1, space + 2):
        return _rank(meeting, x, space)
    at = len(x.shape) - space - 1
    expected = _channels(meeting, weight)
    if x.shape[at] == expected:
        return _windows(meeting, x, weight, space)
    meeting.tell_size(x, at, "channels", f"of {sizes(x.shape)}")
    if x.shape[-1] == expected and len(x.shape) == space + 2:
        first = (x.shape[0], x.shape[-1], *x.shape[1:-1])
        meeting.suggest(f"{meeting.variable(x)}.permute{_ORDER[space]} before it puts the {expected} channels first",
                        fits=meeting.call.tried({"input": first}) is not None)  # fmt: skip
    _other_weights(meeting, weight, x.shape[at])
    return None


def _channels(meeting: Meeting, weight: Argument) -> int:
    """Channels that the weight is for."""
    groups = meeting.call.arguments.get("groups", 1)
    return weight.shape[0] if _is_transposed(meeting) else weight.shape[1] * int(groups)


def _other_weights(meeting: Meeting, weight: Argument, channels: int) -> None:
    groups = int(meeting.call.arguments.get("groups", 1))
    kernel = weight.shape[2:]
    transposed = _is_transposed(meeting)
    depthwise = channels if groups == _channels(meeting, weight) else groups
    for chosen in dict.fromkeys((groups, depthwise, 1)):
        if channels % chosen or (not transposed and weight.shape[0] % chosen):
            continue
        shape = (channels, weight.shape[1], *kernel) if transposed else (weight.shape[0], channels // chosen, *kernel)
        fits = meeting.call.tried({"weight": shape, "groups": chosen}) is not None
        own = meeting.with_setting(nn.modules.conv._ConvNd, in_channels=channels, groups=chosen)
        meeting.suggest(f"{own} fits" if own else f"a weight of {sizes(shape)} fits", fits=fits)


def _is_transposed(meeting: Meeting) -> bool:
    return meeting.call.name.startswith("conv_transpose") or bool(meeting.call.arguments.get("transposed", False))


def _rank(meeting: Meeting, x: Argument, space: int) -> None:
    meeting.tell_shapes()
    names = ("N", "C", *("D", "H", "W")[3 - space :]) if space > 1 else ("N", "C", "L")
    meeting.suggest(f"it takes {' x '.join(names)}, {space + 2} dimensions, and was given {len(x.shape)}")


def _windows(meeting: Meeting, x: Argument, weight: Argument, space: int) -> None:
    """The channels fit: the windows do not."""
    kernel = weight.shape[2:]
    meeting.tell_whole(x)
    padding = tuple(size // 2 for size in kernel)
    fits = meeting.call.tried({"padding": list(padding)}) is not None
    own = meeting.with_setting(nn.modules.conv._ConvNd, padding=padding)
    meeting.suggest(f"{own or f'padding={padding}'} fits", fits=fits)
    meeting.suggest(
        f"an input in which it meets at least {sizes(kernel)}, and not {sizes(x.shape[-space:])}: it has been "
        "made smaller on the way here"
    )


RULES: dict[str, Rule] = {
    **{f"conv{space}d": _conv for space in (1, 2, 3)},
    **{f"conv_transpose{space}d": _conv for space in (1, 2, 3)},
    "convolution": _conv,
}
