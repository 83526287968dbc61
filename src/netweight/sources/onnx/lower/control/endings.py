"""How a loop ends: by a trip count, by its condition, by a limit, or never."""

from __future__ import annotations

from typing import Any

from netweight.errors import LimitError
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.onnx.undo import Attempt

MOST_CALLS = 100_000
"""Calls of operators up to which a loop is read iteration by iteration."""


def title(call: Call) -> str:
    """What messages call an operator with graphs inside."""
    return f"{call.node.op_type} {call.node.name or (call.node.output[0] if call.node.output else '')!r}"


def ends(call: Call, iterations: int | None, iteration: int) -> bool:
    """Whether a loop without a condition has a trip count; to run one that does not, or a long one, is refused at once.

    Raises:
        LimitError: If it is one.
    """
    if not call.computing:
        return iterations is not None
    if iterations is None:
        raise LimitError(f"{title(call)}: expected a trip count or a condition that ends it, got neither")
    if iteration < iterations:
        call.recording.effort.step(iterations - iteration)
    return True


def is_known(going: Any) -> bool:
    """Whether it is known if the loop goes on; one without a condition (None) always does."""
    return going is None or (isinstance(going, Tensor) and going.known)


def too_many(attempt: Attempt, iteration: int, left: int) -> bool:
    """Whether the iterations up to now, and those that are left, are more than are read one by one."""
    return iteration + left + attempt.calls * (1 + left / iteration) > MOST_CALLS
