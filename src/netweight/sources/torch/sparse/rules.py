"""What operators do with sparse tensors: one function per ATen operator, by what the tensors store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Rule: TypeAlias = Callable[..., Any]

SPARSE: dict[str, Rule] = {}


def of_sparse(*names: str) -> Callable[[Rule], Rule]:
    """Register what ATen operators do with sparse tensors.

    The function takes the ``Recorder`` and the operator's arguments, ``Sparse`` in place of each sparse tensor, and
    returns tensors, or ``Sparse`` for a sparse result; ``NotImplemented`` for arguments that it has no rule for.
    """

    def register(rule: Rule) -> Rule:
        for name in names:
            SPARSE[name] = rule
        return rule

    return register
