"""What the rules of an operator say, in words for those who use it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from netweight.app.counted import COUNTED, NOTHING
from netweight.ops import REGISTRY, OpDef
from netweight.ops.table import free
from netweight.results.profile import OwnOp


def sentences(name: str, own: Sequence[OwnOp] = ()) -> tuple[str, ...]:
    """What an operator gives, and how its work is counted; of one of the user's own where the rule is, and its text."""
    of_user = [op for op in own if op.op == name]
    if of_user:
        return tuple(
            text for op in of_user for text in (f"Counted by your rule in {op.rule}.", spoken(op.says)) if text
        )
    op = REGISTRY.get(name)
    if op is None:
        return ()
    return tuple(filter(None, (spoken(op.says), counted(op))))


def counted(op: OpDef) -> str:
    """How the work of an operator is counted."""
    return NOTHING if inspect.unwrap(op.cost) is free else COUNTED.get(op.name) or sentence_of(op.cost)


def sentence_of(rule: Callable[..., Any]) -> str:
    """First paragraph of what a rule says of itself."""
    if not hasattr(rule, "__name__"):  # a partial has the text of its class
        return ""
    return spoken((inspect.getdoc(rule) or "").split("\n\n")[0])


def spoken(text: str) -> str:
    """A text without the quotes of code.

    >>> spoken("The size of ``x`` with the sign of ``other``.")
    'The size of x with the sign of other.'
    """
    return " ".join(text.replace("``", "").split())
