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

    def of_one(rec: Recorder, x: Tensor, *settings: Any, **named: Any) -> Any:
        if REGISTRY[name].spelled.floating:
            x = floating(rec, x)
        return function_of(name)(rec, x, *settings, **named)

    def of_two(rec: Recorder, x: Operand, other: Operand) -> Any:
        return binary(rec, name, x, other, floating=REGISTRY[name].spelled.floating)

    def rule(rec: Recorder, *args: Any, **named: Any) -> Any:
        return (of_one if len(REGISTRY[name].inputs) == 1 else of_two)(rec, *args, **named)

    return rule


for _name, _aten in ATEN.items():
    lowers(*_aten.split())(_rule(_name))
