"""Pieces of activation memory as buffers to place in an arena, and where they come to lie."""

from __future__ import annotations

from collections.abc import Sequence

from netweight.analysis.conventions import Convention
from netweight.analysis.pieces import Piece
from netweight.placement.best import best
from netweight.placement.greedy import greedy
from netweight.placement.problem import Buffer, Placement
from netweight.placement.tflm import tflm

_LARGEST_FIRST = "size"


def buffers_of(pieces: Sequence[Piece], steps: int, alignment: int = 1) -> tuple[Buffer, ...]:
    """Buffers with the half-open lifetimes of pieces; what is never written has no bytes, and is none.

    Args:
        pieces: Pieces of memory.
        steps: Steps of the network: what the caller gets lives to the end of the last.
        alignment: Offsets are multiples of so many bytes.
    """
    last = max(steps, 1)
    return tuple(
        Buffer(piece.name, piece.born, max(min(piece.dies + 1, last), piece.born + 1), piece.nbytes, alignment)
        for piece in pieces
        if piece.nbytes
    )


def has_plan(rule: Convention) -> bool:
    """Whether a convention has an arena: each tensor at one place as long as it lives."""
    return rule.moment == "schedule" and not rule.held_by_program and not rule.shares_rows


def plan_of(pieces: Sequence[Piece], steps: int, rule: Convention) -> Placement:
    """The best plan for the pieces of a network."""
    return best(buffers_of(pieces, steps, rule.alignment))


def greedy_arena(plan: Placement, pieces: Sequence[Piece], steps: int, rule: Convention) -> int:
    """Bytes of the arena of the plan that takes the largest piece first; the best plan may be that one.

    Under ``tflm`` it is that of the interpreter's own planner.
    """
    if rule.kernels == "tflm":
        return tflm(buffers_of(pieces, steps, rule.alignment)).height
    if plan.method == _LARGEST_FIRST:
        return plan.height
    return greedy(buffers_of(pieces, steps, rule.alignment), _LARGEST_FIRST).height
