"""What each ATen operator is in the table: one function per operator, in PyTorch's argument names."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

Rule: TypeAlias = Callable[..., Any]

RULES: dict[str, Rule] = {}


def lowers(*names: str) -> Callable[[Rule], Rule]:
    """Register a function as the meaning of ATen operators, by ``name`` or ``name.overload``.

    The function takes the ``Recorder`` and the operator's arguments as its schema names them, and returns what the
    operator returns: tensors made by ``Recorder.op`` and its relatives, or ``NotImplemented`` for arguments that it has
    no rule for. The in-place and ``out=`` forms of an operator follow from its plain form.
    """

    def register(rule: Rule) -> Rule:
        for name in names:
            if name in RULES:
                raise ValueError(f"aten operator {name!r} has a rule already")
            RULES[name] = rule
        return rule

    return register


def bind(function: Rule, *names: str) -> None:
    """Register a function of the table as the meaning of the ATen operators that take the same arguments."""
    lowers(*(names or (function.__name__,)))(function)


def one_kernel(rule: Rule) -> Rule:
    """Mark what a rule records as the work of one kernel: values inside of it are not activations."""

    @wraps(rule)
    def marked(rec: Any, *args: Any, **kwargs: Any) -> Any:
        before = len(rec.recording.nodes)
        result = rule(rec, *args, **kwargs)
        for step in rec.recording.nodes[before:]:
            step.fused = True
        return result

    return marked
