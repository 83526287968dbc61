"""A segment by itself: its steps and tensors in bits, and what the rest of the network holds meanwhile.

A set of steps is the number that has their bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from netweight.ordering.problem import Problem
from netweight.ordering.segments import Segment


@dataclass(slots=True, kw_only=True)
class Piece:
    """A tensor as a segment sees it.

    Attributes:
        size: Bytes.
        writer: Step of the segment that makes it; None if it is there before.
        outlives: Whether it is held after the segment.
        touching: Steps of the segment that write or read it.
    """

    size: int
    writer: int | None
    outlives: bool
    touching: int = 0


@dataclass(frozen=True, slots=True)
class Local:
    """A segment, its steps numbered from 0.

    Attributes:
        before: For each step the set that it waits for.
        after: For each step those that wait for it.
        pieces: The tensors that its steps touch.
        writes: Bytes that each step writes.
        ends: For each step the tensors that it may be the last to touch: the set that touches one, and its bytes.
        over: For each step the sets that touch a tensor whose memory its output can take.
        start: Bytes held before the first of its steps.
    """

    before: tuple[int, ...]
    after: tuple[tuple[int, ...], ...]
    pieces: tuple[Piece, ...]
    writes: tuple[int, ...]
    ends: tuple[tuple[tuple[int, int], ...], ...]
    over: tuple[tuple[int, ...], ...]
    start: int

    def change(self, step: int, done: int) -> tuple[int, int]:
        """Bytes that are added while a step runs after those ``done``, and by how much it leaves more than it found."""
        after = done | 1 << step
        freed = 0
        for touching, size in self.ends[step]:
            if touching & ~after == 0:
                freed += size
        taken = any(touching & ~after == 0 for touching in self.over[step])
        return 0 if taken else self.writes[step], self.writes[step] - freed

    def first(self) -> int:
        """Steps that wait for none."""
        return sum([1 << step for step, before in enumerate(self.before) if not before])

    def ready(self, step: int, done: int, ready: int) -> int:
        """Steps that can run once a step has run, which was one of those that could before.

        Args:
            step: The step.
            done: Those that are done, with it.
            ready: Those that could run before it.
        """
        ready &= ~(1 << step)
        for later in self.after[step]:
            if self.before[later] & ~done == 0:
                ready |= 1 << later
        return ready


def localize(problem: Problem, parts: Sequence[Segment]) -> list[Local]:
    """Every segment by itself."""
    part_of = [index for index, part in enumerate(parts) for _ in range(part.first, part.last + 1)]
    pieces: list[dict[int, Piece]] = [{} for _ in parts]
    grows = [0] * (len(parts) + 1)
    for index, tensor in enumerate(problem.tensors):
        steps = tensor.readers if tensor.writer is None else (tensor.writer, *tensor.readers)
        if not steps and not tensor.held:
            continue
        born = 0 if tensor.writer is None else part_of[tensor.writer] + 1
        dies = len(parts) if tensor.held else max([part_of[step] for step in steps])
        grows[min(born, len(parts))] += tensor.size
        grows[min(dies + 1, len(parts))] -= tensor.size
        for step in steps:
            home = part_of[step]
            first = parts[home].first
            here = tensor.writer is not None and part_of[tensor.writer] == home
            writer = tensor.writer - first if here and tensor.writer is not None else None
            piece = pieces[home].setdefault(index, Piece(size=tensor.size, writer=writer, outlives=dies > home))
            piece.touching |= 1 << (step - first)
    found, start = [], 0
    for number, part in enumerate(parts):
        start += grows[number]
        found.append(_local(problem, part, pieces[number], start))
    return found


def _local(problem: Problem, part: Segment, pieces: dict[int, Piece], start: int) -> Local:
    steps = range(part.first, part.last + 1)
    writes = [0] * len(steps)
    ends: list[list[tuple[int, int]]] = [[] for _ in steps]
    for piece in pieces.values():
        if piece.writer is not None:
            writes[piece.writer] += piece.size
        if not piece.outlives:
            for step in members(piece.touching):
                ends[step].append((piece.touching, piece.size))
    inside = [{other - part.first for other in problem.waits[step] if other in steps} for step in steps]
    before = [sum([1 << other for other in waits]) for waits in inside]
    after: list[list[int]] = [[] for _ in steps]
    for step, waits in enumerate(inside):
        for other in sorted(waits):
            after[other].append(step)
    ending = {index: piece.touching for index, piece in pieces.items() if not piece.outlives}
    over = [tuple([ending[index] for index in problem.over_of(step) if index in ending]) for step in steps]
    return Local(
        tuple(before),
        tuple([tuple(of) for of in after]),
        tuple(pieces.values()),
        tuple(writes),
        tuple([tuple(of) for of in ends]),
        tuple(over),
        start,
    )


def members(bits: int) -> Iterator[int]:
    """The steps of a set."""
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low
