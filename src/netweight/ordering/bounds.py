"""What no order can go below."""

from __future__ import annotations

from netweight.ordering.local import Local, members
from netweight.ordering.problem import Problem

_WORK = 4_000_000
"""Pairs of a step and a tensor that a segment may have, to be looked at for what must be alive besides."""


def footprint(problem: Problem) -> int:
    """Bytes that the dearest step touches: it needs them in every order."""
    best = 0
    for step, touched in enumerate(problem.touched):
        tensors = [problem.tensors[index] for index in touched]
        written = sum([tensor.size for tensor in tensors if tensor.writer == step])
        in_place = any(not problem.tensors[index].held for index in problem.over_of(step))
        best = max(best, sum([tensor.size for tensor in tensors]) - (written if in_place else 0))
    return best


def unavoidable(local: Local) -> int:
    """Bytes that some step of a segment meets in every order.

    That is what it touches, what is held from before the segment until after it, and what must be written before it and
    is touched after it. In segments of very many steps and tensors the last is left out.
    """
    count = len(local.before)
    beside = local.start - sum([piece.size for piece in local.pieces if piece.writer is None])
    earlier, later = _relatives(local) if count * len(local.pieces) <= _WORK else ([0] * count, [0] * count)
    best = 0
    for step in range(count):
        held = beside
        for piece in local.pieces:
            there = piece.writer is None or earlier[step] >> piece.writer & 1
            stays = piece.outlives or piece.touching & later[step]
            if piece.touching >> step & 1 or (there and stays):
                held += piece.size
        if any(touching & later[step] == 0 for touching in local.over[step]):
            held -= local.writes[step]
        best = max(best, held)
    return best


def _relatives(local: Local) -> tuple[list[int], list[int]]:
    """For each step the sets that come before it, and after it, in every order."""
    earlier = [0] * len(local.before)
    later = [0] * len(local.before)
    for step, before in enumerate(local.before):
        for other in members(before):
            earlier[step] |= earlier[other] | 1 << other
    for step in reversed(range(len(local.before))):
        for other in members(local.before[step]):
            later[other] |= later[step] | 1 << step
    return earlier, later
