"""What each TFLite operator is in the table: one function per operator, under the name that the schema has for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from netweight.index import TFLITE, homes
from netweight.registry import Registry

Rule: TypeAlias = Callable[..., Any]

RULES: Registry[Rule] = Registry("rule of the TFLite operator", homes(TFLITE))


def lowers(*names: str) -> Callable[[Rule], Rule]:
    """Register a function as the meaning of TFLite operators: ``"CONV_2D"``.

    The function takes the ``TfliteCall`` and one ``Tensor`` per input, None where an optional one is left out, and
    returns one ``Tensor`` per output, as a tuple if there are several; ``NotImplemented`` says that the table does not
    have this use of the operator. All that it records is the work of one kernel.
    """

    def register(rule: Rule) -> Rule:
        for name in names:
            RULES.add(name, rule)
        return rule

    return register
