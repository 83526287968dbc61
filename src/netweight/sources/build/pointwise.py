"""Activation functions with weights."""

from __future__ import annotations

from netweight.ir import Init
from netweight.sources.build.core import Symbol


def prelu(
    x: Symbol, num_parameters: int = 1, *, init: float = 0.25, inplace: bool = False, name: str = "prelu"
) -> Symbol:
    """As leaky ReLU with learned slopes: one, or one per channel."""
    with x.builder.recording(name, inplace=inplace):
        weight = x.builder.own("weight", (num_parameters,), Init(kind="values", values=(init,) * num_parameters))
        made: Symbol = x.builder.op("prelu", None, x, weight)
        return made
