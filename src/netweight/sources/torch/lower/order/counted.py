"""Whole numbers that a program adds up and asks for: lengths from durations, how many a mask keeps."""

from __future__ import annotations

from math import prod

from torch import Tensor

from netweight.sources.torch.recorder import Recorder

_SAME = frozenset({
    "reshape", "expand", "slice", "index", "cast", "amax", "clamp", "round", "ceil", "squeeze", "unsqueeze", "identity"
})  # fmt: skip
"""Operators after which a number is still one of those that were added up; a clamp if it has no upper bound."""
_STEPS = 24
"""Operators that are looked through, from the last one back."""


def added_up(rec: Recorder, number: Tensor) -> int:
    """How many numbers the one that is asked for is the sum of, where each is taken to be one; 1 if it is no sum."""
    specs, wanted = rec.recording.specs, rec.recording.value_of(number)
    for node in reversed(rec.recording.nodes[-_STEPS:]):
        if wanted not in node.outputs or not node.inputs:
            continue
        before = node.inputs[0]
        if node.op == "sum" and before is not None:
            return max(prod(specs[before].shape) // max(prod(specs[wanted].shape), 1), 1)
        if node.op not in _SAME or before is None or getattr(node.attrs, "max", None) is not None:
            return 1
        wanted = before
    return 1
