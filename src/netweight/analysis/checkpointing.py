"""Checkpointing: parts of a network keep only their inputs, and run again when backward reaches them.

A part is a module. Run again is what it takes to get back everything that its backward reads: operators after the last
of those results do not run twice, as with ``torch.utils.checkpoint.checkpoint(..., use_reentrant=False)``.

Source: Chen, Xu, Zhang & Guestrin 2016, "Training deep nets with sublinear memory cost".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import groupby

from netweight.errors import unknown_name
from netweight.plan.gradients import Backpropagation, Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One call of a checkpointed module.

    Attributes:
        module: Its path.
        calls: Operator calls in it, in the order of the forward.
        again: How many of them run again.
        reads: Pieces of memory from outside that its calls read: they are kept until its backward is done.
    """

    module: str
    calls: tuple[Call, ...]
    again: int
    reads: tuple[str, ...]


def segments_of(plan: Backpropagation, patterns: Sequence[str]) -> dict[int, Segment]:
    """The checkpointed part that each step belongs to, by step; modules inside a checkpointed one do not count.

    Raises:
        UnknownNameError: If a pattern names no module.
    """
    paths = [_path(call, patterns) for call in plan.calls]
    for pattern in patterns:
        known = sorted({part for call in plan.calls for part in _modules(call)})
        if not any(fnmatchcase(part, pattern) for part in known):
            raise unknown_name("module", pattern, known, fix=f"known: {', '.join(known[:5])} ...")
    found: dict[int, Segment] = {}
    for path, numbered in groupby(enumerate(paths), key=lambda pair: pair[1]):
        calls = tuple(plan.calls[step] for step, _ in numbered)
        if path and any(call.runs_backward for call in calls):
            segment = _segment(plan, path, calls)
            found.update((call.step, segment) for call in calls)
    return found


def _path(call: Call, patterns: Sequence[str]) -> str:
    """The outermost module around the call that a pattern names; empty if no pattern names one."""
    return next((part for part in _modules(call) if any(fnmatchcase(part, pattern) for pattern in patterns)), "")


def _modules(call: Call) -> list[str]:
    """Paths from the outermost module to the layer itself."""
    parts = call.node.layer.split(".")
    return [".".join(parts[: depth + 1]) for depth in range(len(parts))]


def _segment(plan: Backpropagation, path: str, calls: tuple[Call, ...]) -> Segment:
    needed = {piece for call in calls for piece in call.saved}
    again = 0
    written: set[str] = set()
    reads: dict[str, None] = {}
    for index, call in enumerate(calls):
        pieces = (plan.piece(name) for name in call.node.inputs if name is not None)
        reads.update(dict.fromkeys(piece for piece in pieces if piece not in written and not plan.lasts(piece)))
        made = {*(plan.piece(name) for name in call.node.outputs), *call.extras} - set(reads)
        if made & needed:
            again = index + 1
        written |= made
    return Segment(module=path, calls=calls, again=again, reads=tuple(reads))
