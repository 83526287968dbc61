"""Activation functions and dropout.

``inplace`` lets the output take the memory of ``x``; while training, only where the gradient does not need ``x``.
"""

from __future__ import annotations

from netweight.ir import Init
from netweight.ops.random.dropout import DropoutAttrs
from netweight.sources.build.core import Symbol, call


def prelu(
    x: Symbol, num_parameters: int = 1, *, init: float = 0.25, inplace: bool = False, name: str = "prelu"
) -> Symbol:
    """As leaky ReLU with learned slopes: one, or one per channel."""
    builder = x.builder
    layer = builder.layer_name(name)
    start = Init(kind="values", values=(init,) * num_parameters)
    weight = builder.state(layer, "weight", (num_parameters,), start)
    return builder.call("prelu", None, (x, weight), layer=layer, inplace=inplace and not builder.training)[0]


def dropout(x: Symbol, p: float = 0.5, *, name: str = "dropout") -> Symbol:
    """Random zeros while training; the identity at inference."""
    if x.builder.training:
        return call("dropout", DropoutAttrs(p=p), x, name=name)
    return call("identity", None, x, name=name)
