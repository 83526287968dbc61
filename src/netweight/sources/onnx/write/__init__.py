"""What each operator of the table is in ONNX: one function per operator, one family per file."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, TypeAlias

Rule: TypeAlias = Callable[[Any], None]

RULES: dict[str, Rule] = {}
_FAMILIES = (
    "activation", "arithmetic", "attention", "conv", "copies", "creation", "index", "linear", "loss", "norm",
    "order", "pool", "quantize", "recurrent", "reduce", "regions", "resize", "scatter", "shape", "unary",
)  # fmt: skip


def writes(*names: str) -> Callable[[Rule], Rule]:
    """Register a function as the way to write operators of the table.

    The function takes the ``Step``, which knows the node's attributes, the specs and names of its tensors, and emits
    ONNX nodes, the last of which write the node's outputs.
    """

    def register(rule: Rule) -> Rule:
        for name in names:
            if name in RULES:
                raise ValueError(f"operator {name!r} is written already")
            RULES[name] = rule
        return rule

    return register


def rule_of(name: str) -> Rule | None:
    """The rule of an operator, None if there is none."""
    if not RULES:
        for family in _FAMILIES:
            importlib.import_module(f"{__name__}.{family}")
    return RULES.get(name)
