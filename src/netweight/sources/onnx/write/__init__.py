"""What each operator of the table is in ONNX: one function per operator, one family per file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from netweight.index import WRITES, homes
from netweight.registry import Registry

Rule: TypeAlias = Callable[[Any], None]

RULES: Registry[Rule] = Registry("way to write the operator", homes(WRITES))


def writes(*names: str) -> Callable[[Rule], Rule]:
    """Register a function as the way to write operators of the table.

    The function takes the ``Step``, which knows the node's attributes, the specs and names of its tensors, and emits
    ONNX nodes, the last of which write the node's outputs.
    """

    def register(rule: Rule) -> Rule:
        for name in names:
            RULES.add(name, rule)
        return rule

    return register
