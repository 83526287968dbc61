"""Products of matrices whose inner sizes differ."""

from __future__ import annotations

from math import prod

from torch import nn

from netweight.sources.size_origins import sizes
from netweight.sources.torch.faults.meeting import Meeting, Rule
from netweight.sources.torch.faults.remade import suggest_size


def _linear(meeting: Meeting) -> None:
    x, weight = meeting.call.tensor("input"), meeting.call.tensor("weight")
    if x is None or weight is None or not x.shape or len(weight.shape) != 2 or x.shape[-1] == weight.shape[1]:
        return meeting.tell_shapes()
    features, expected = x.shape[-1], weight.shape[1]
    meeting.tell_size(x, -1, "features", f"of {sizes(x.shape)}")
    for text, shape in _rearranged(meeting.variable(x), x.shape, expected):
        meeting.suggest(text, fits=meeting.call.tried({"input": shape}) is not None)
    changed = (weight.shape[0], features)
    fits = meeting.call.tried({"weight": changed}) is not None
    own = meeting.with_setting(nn.Linear, in_features=features)
    meeting.suggest(f"{own} fits" if own else f"a weight of {sizes(changed)} fits", fits=fits)
    return None


def _rearranged(x: str, shape: tuple[int, ...], expected: int) -> list[tuple[str, tuple[int, ...]]]:
    """What makes the last size the one that is expected, without other weights."""
    found: list[tuple[str, tuple[int, ...]]] = []
    for first in range(1, len(shape) - 1):
        if prod(shape[first:]) == expected:
            product = " * ".join(map(str, shape[first:]))
            found.append(
                (f"{x}.flatten({first}) before it gives {product} = {expected} features", (*shape[:first], expected))
            )
    if len(shape) == 4 and shape[1] == expected:
        found.append((f"{x}.mean((2, 3)) before it gives {expected} features", shape[:2]))
    for dim in range(len(shape) - 1):
        if shape[dim] == expected and len(shape) < 4 and (dim or len(shape) == 2):
            swapped = list(shape)
            swapped[dim], swapped[-1] = swapped[-1], swapped[dim]
            found.append((f"{x}.transpose({dim}, -1) before it has {expected} features last", tuple(swapped)))
    return found


def _matmul(a: str, b: str) -> Rule:
    def rule(meeting: Meeting) -> None:
        meeting.tell_shapes()
        left, right = meeting.call.tensor(a), meeting.call.tensor(b)
        if left is None or right is None:
            return
        for role, argument in ((b, right), (a, left)):
            if len(argument.shape) > 1:
                swapped = (*argument.shape[:-2], argument.shape[-1], argument.shape[-2])
                result = meeting.call.tried({role: swapped})
                text = f"{meeting.variable(argument)}.transpose(-2, -1) fits, and gives {sizes(result or ())}"
                meeting.suggest(text, fits=result is not None)
        if left.shape and right.shape:
            inner = -min(len(right.shape), 2)
            suggest_size(meeting, right, inner, left.shape[-1])
            suggest_size(meeting, left, -1, right.shape[inner])

    return rule


RULES: dict[str, Rule] = {
    "linear": _linear,
    "matmul": _matmul("self", "other"),
    "mm": _matmul("self", "mat2"),
    "bmm": _matmul("self", "mat2"),
    "addmm": _matmul("mat1", "mat2"),
    "baddbmm": _matmul("batch1", "batch2"),
}
