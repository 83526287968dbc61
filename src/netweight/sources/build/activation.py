"""Activation functions with weights."""

from __future__ import annotations

from netweight.ir import Init
from netweight.sources.build.core import Symbol


def prelu(
    x: Symbol, num_parameters: int = 1, *, init: float = 0.25, inplace: bool = False, name: str = "prelu"
) -> Symbol:
    """As leaky ReLU with learned slopes: one, or one per channel."""
    builder = x.builder
    layer = builder.layer_name(name)
    start = Init(kind="values", values=(init,) * num_parameters)
    weight = builder.state(layer, "weight", (num_parameters,), start)
    return builder.call("prelu", None, (x, weight), layer=layer, inplace=inplace and not builder.training)[0]
