"""Shapes that do not have as many elements, or not in that order."""

from __future__ import annotations

from math import prod

from torch import nn

from netweight.sources.size_origins import sizes
from netweight.sources.torch.faults.definition import made_at
from netweight.sources.torch.faults.described import described
from netweight.sources.torch.faults.meeting import Meeting, Rule


def _view(meeting: Meeting) -> None:
    x = meeting.call.tensor("self")
    asked = meeting.call.arguments.get("size", meeting.call.arguments.get("shape"))
    if x is None or not isinstance(asked, list | tuple):
        return meeting.tell_shapes()
    meeting.tell_whole(x, extra=f", {prod(x.shape)} elements")
    wanted = [int(size) for size in asked]
    if -1 not in wanted and prod(wanted) == prod(x.shape):
        return meeting.suggest("reshape in the place of view fits: it copies where the memory is in another order")
    for at in reversed(range(len(wanted))):
        tried = [*wanted[:at], -1, *wanted[at + 1 :]] if -1 not in wanted else None
        result = meeting.call.tried({"size": tried}) if tried else None
        if result is not None and (len(x.shape) < 2 or result[0] == x.shape[0]):  # the batch stays
            text = ", ".join(map(str, tried or ()))
            meeting.suggest(f"({text}) fits, and gives {sizes(result)}")
    if len(x.shape) > 2:
        features = prod(x.shape[1:])
        name = meeting.name_of(x) or "x"
        flat = f"flatten(1) of {name}" if " " in name else f"{name}.flatten(1)"
        meeting.suggest(f"{flat} gives {sizes((x.shape[0], features))}{_fed(meeting, wanted[-1:], features)}")
    return None


def _fed(meeting: Meeting, asked: list[int], features: int) -> str:
    """What the only layer that takes as many features as were asked for is to be; empty if none or several do."""
    found = {
        path: module for path, module in meeting.modules.items()
        if isinstance(module, nn.Linear) and [module.in_features] == asked and path.startswith(meeting.layer)
    }  # fmt: skip
    if len(found) != 1 or asked == [features]:
        return ""
    path, module = next(iter(found.items()))
    place = made_at(path, meeting.modules)
    return f", for {path} as {described(module, in_features=features)}{f' at {place}' if place else ''}"


RULES: dict[str, Rule] = {"view": _view, "reshape": _view, "_unsafe_view": _view}
