"""Operators of the table that PyTorch has as they are, by the names that the table gives."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from netweight.functions.plain import function_of
from netweight.index import ATEN
from netweight.ops.table import REGISTRY
from netweight.sources.torch.lower import Rule, lowers
from netweight.sources.torch.lower.common import Operand, binary, floating
from netweight.sources.torch.recorder import Recorder


def _rule(name: str) -> Rule:
    """The rule of an operator; it is looked up when it is first called."""

    def of_tensors(rec: Recorder, x: Tensor, *others: Any, **named: Any) -> Any:
        if REGISTRY[name].spelled.floating:
            x = floating(rec, x)
        return function_of(name)(rec, x, *others, **named)

    def of_operands(rec: Recorder, x: Operand, other: Operand) -> Any:
        return binary(rec, name, x, other, floating=REGISTRY[name].spelled.floating)

    def rule(rec: Recorder, *args: Any, **named: Any) -> Any:
        op = REGISTRY[name]
        both = op.kind == "elementwise" and len(op.inputs) == 2  # which broadcast and take each other's type
        return (of_operands if both else of_tensors)(rec, *args, **named)

    return rule


for _name, _aten in ATEN.items():
    lowers(*_aten.split())(_rule(_name))
