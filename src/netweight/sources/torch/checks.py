"""Conditions that a program checks: where one of the two answers leads to an error, the other is no guess.

``if (x < 0).any(): raise ValueError(...)``, ``assert torch.isfinite(x).all()`` and the checks of
``torch.distributions`` are read from the byte code of the frame that asks.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

_HERE = str(Path(__file__).parents[2])
_MACHINERY = ("_ops.py", "overrides.py", "_python_dispatch.py", "_tensor.py")
_NEGATION = "UNARY_NOT"
_BETWEEN = frozenset({"CACHE", "TO_BOOL", "COPY", "NOP", "EXTENDED_ARG", _NEGATION})
"""What may stand between the place that asks and the jump."""
_ENDS = frozenset({"RETURN_VALUE", "RETURN_CONST", "YIELD_VALUE", "FOR_ITER", "RERAISE", "SEND"})


def answer_that_goes_on() -> bool | None:
    """The truth value with which the program that asks goes on, None if neither answer is an error."""
    frame = _asking(sys._getframe(1))
    return None if frame is None else _answer(frame.f_code, frame.f_lasti)


def _asking(frame: FrameType | None) -> FrameType | None:
    """The innermost frame that is neither of this package nor of what stands between it and the program."""
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_HERE) and not file.endswith(_MACHINERY):
            return frame
        frame = frame.f_back
    return None


@cache
def _answer(code: CodeType, at: int) -> bool | None:
    read: Any = dis.Bytecode(code)
    steps = list(read)
    place = next((index for index, step in enumerate(steps) if step.offset == at), None)
    if place is None:
        return None
    negated = steps[place].opname == _NEGATION
    if "JUMP" not in steps[place].opname:
        place += 1
        while steps[place].opname in _BETWEEN:
            negated ^= steps[place].opname == _NEGATION
            place += 1
    jump = steps[place]
    if "_IF_" not in jump.opname or "NONE" in jump.opname:
        return None
    jumps_if = jump.opname.endswith("TRUE") or jump.opname.endswith("IF_TRUE_OR_POP")
    blocks = [part for part in read.exception_entries if not _is_of_with(steps, part.target)]
    ends = {
        jumps_if: _raises(steps[_index(steps, jump.argval) :], blocks),
        not jumps_if: _raises(steps[place + 1 :], blocks),
    }
    if ends[True] == ends[False]:
        return None
    return (not ends[True]) != negated


def _index(steps: Sequence[dis.Instruction], offset: int) -> int:
    return next(index for index, step in enumerate(steps) if step.offset == offset)


def _is_of_with(steps: Sequence[dis.Instruction], handler: int) -> bool:
    """Whether errors come to a handler because a ``with`` block is left; it passes them on."""
    place = _index(steps, handler)
    return any(step.opname == "WITH_EXCEPT_START" for step in steps[place : place + 3])


def _raises(steps: Sequence[dis.Instruction], caught: Sequence[Any]) -> bool:
    """Whether what starts here raises before it decides anything or ends, and no ``except`` is around that."""
    for step in steps:
        if step.opname == "RAISE_VARARGS":
            return not any(part.start <= step.offset < part.end for part in caught)
        if step.opname in _ENDS or "JUMP" in step.opname:
            return False
    return False
