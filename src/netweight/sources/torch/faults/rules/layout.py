"""Shapes that do not have as many elements, or not in that order."""

from __future__ import annotations

from math import prod

from netweight.sources.size_origins import sizes
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
        if result is not None:
            text = ", ".join(map(str, tried or ()))
            meeting.suggest(f"({text}) fits, and gives {sizes(result)}")
    if len(x.shape) > 2:
        meeting.suggest(f"{meeting.variable(x)}.flatten(1) gives {sizes((x.shape[0], prod(x.shape[1:])))}")
    return None


RULES: dict[str, Rule] = {"view": _view, "reshape": _view, "_unsafe_view": _view}
