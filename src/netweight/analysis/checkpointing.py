"""Checkpointing: parts of a network keep only their inputs, and run again when backward reaches them.

A part is a module that the user names, or what the program itself runs under ``torch.utils.checkpoint``. Run again is
all until the last tensor is kept that its backward reads, as with ``use_reentrant=False``; the other form runs all of
it. Parts may lie in parts: the inner one runs again with the outer one, and again for its own backward.

Source: Chen, Xu, Zhang & Guestrin 2016, "Training deep nets with sublinear memory cost".
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import groupby

from netweight.autograd.gradients import Backpropagation, Call
from netweight.errors import unknown_name
from netweight.ir import Checkpoint, Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One call of a checkpointed part.

    Attributes:
        first: Step of its first operator call.
        calls: Operator calls in it, in the order of the forward.
        again: How many of them run again.
        reads: Pieces of memory from outside that its calls read: they are kept until its backward is done.
        stored: Pieces of memory that it makes and keeps all the same; what makes them does not run again.
        whole: Whether it runs again as soon as backward comes to it, and all of it.
        by_program: Whether the program itself has it run again, and not who weighs it.
    """

    first: int
    calls: tuple[Call, ...]
    again: int
    reads: tuple[str, ...]
    stored: frozenset[str]
    whole: bool
    by_program: bool

    def repeats(self, plan: Backpropagation, call: Call) -> bool:
        """Whether a call in it runs when it runs again."""
        if call.step - self.first >= self.again:
            return False
        return not self.stored or not self.stored.issuperset(plan.piece(name) for name in call.node.outputs)


Segments = Mapping[int, tuple[Segment, ...]]
"""Parts around each step, the outermost first."""


@dataclass(frozen=True, slots=True, order=True)
class _Span:
    """Steps of a part: sorted, a part comes before those in it."""

    first: int
    less: int
    checkpoint: Checkpoint | None = None

    @property
    def stop(self) -> int:
        return -self.less

    @property
    def whole(self) -> bool:
        return self.checkpoint is not None and self.checkpoint.whole


def segments_of(plan: Backpropagation, patterns: Sequence[str]) -> Segments:
    """The checkpointed parts around each step; of the modules that patterns name, those inside others do not count.

    Raises:
        UnknownNameError: If a pattern names no module.
    """
    spans = sorted([*_named(plan, patterns), *_of_the_program(plan.graph)], key=lambda span: (span.first, span.less))
    found: dict[int, tuple[Segment, ...]] = {}
    for at, span in enumerate(spans):
        calls = plan.calls[span.first : span.stop]
        if not any(call.runs_backward and (span.whole or call.read or call.saved) for call in calls):
            continue  # nothing is kept for it, its input neither
        inner = [other for other in spans[at + 1 :] if other.first < span.stop]
        segment = _segment(plan, span, calls, inner)
        for call in calls:
            found[call.step] = (*found.get(call.step, ()), segment)
    return found


def _named(plan: Backpropagation, patterns: Sequence[str]) -> Iterator[_Span]:
    if not patterns:
        return
    paths = [_path(call, patterns) for call in plan.calls]
    for pattern in patterns:
        known = sorted({part for call in plan.calls for part in _modules(call)})
        if not any(fnmatchcase(part, pattern) for part in known):
            raise unknown_name("module", pattern, known, fix=f"known: {', '.join(known[:5])} ...")
    for path, numbered in groupby(enumerate(paths), key=lambda pair: pair[1]):
        steps = [step for step, _ in numbered]
        if path:
            yield _Span(steps[0], -steps[-1] - 1)


def _of_the_program(graph: Graph) -> Iterator[_Span]:
    writer = {name: step for step, node in enumerate(graph.nodes) for name in node.outputs} if graph.checkpoints else {}
    for checkpoint in graph.checkpoints:
        steps = [writer[name] for name in checkpoint.values if name in writer]
        if steps:
            yield _Span(min(steps), -max(steps) - 1, checkpoint)


def _path(call: Call, patterns: Sequence[str]) -> str:
    """The outermost module around the call that a pattern names; empty if no pattern names one."""
    return next((part for part in _modules(call) if any(fnmatchcase(part, pattern) for pattern in patterns)), "")


def _modules(call: Call) -> list[str]:
    """Paths from the outermost module to the layer itself."""
    parts = call.node.layer.split(".")
    return [".".join(parts[: depth + 1]) for depth in range(len(parts))]


def _segment(plan: Backpropagation, span: _Span, calls: tuple[Call, ...], inner: Sequence[_Span]) -> Segment:
    written: set[str] = set()
    kept = [] if span.checkpoint is None else [plan.piece(name) for name in span.checkpoint.keeps]
    reads = dict.fromkeys(piece for piece in kept if not plan.lasts(piece))
    for call in calls:
        pieces = (plan.piece(name) for name in call.node.inputs if name is not None)
        reads.update(dict.fromkeys(piece for piece in pieces if piece not in written and not plan.lasts(piece)))
        written |= {*(plan.piece(name) for name in call.node.outputs), *call.extras} - set(reads)
    stored = () if span.checkpoint is None else span.checkpoint.stored
    return Segment(
        first=span.first,
        calls=calls,
        again=len(calls) if span.whole else _last_kept(plan, calls, inner) - span.first,
        reads=tuple(reads),
        stored=frozenset(plan.piece(name) for name in stored),
        whole=span.whole,
        by_program=span.checkpoint is not None,
    )


def _last_kept(plan: Backpropagation, calls: Sequence[Call], inner: Collection[_Span]) -> int:
    """Step before which everything has run when the last tensor for backward is kept.

    What a call reads is kept before it runs, what it writes when it has. A part inside keeps what it is given before it
    runs, or when it has if all of it runs again.
    """
    stop = after = calls[0].step
    inside: set[int] = set()
    for span in inner:
        if span.first >= after:
            after = span.stop
            inside.update(range(span.first, span.stop))
            stop = max(stop, span.stop if span.whole else span.first)
    for call in calls:
        if call.runs_backward and (call.read or call.saved) and call.step not in inside:
            made = {*(plan.piece(name) for name in call.node.outputs), *call.extras}
            done = call.link.function is not None or not made.isdisjoint(call.saved)
            stop = max(stop, call.step + done)
    return stop
