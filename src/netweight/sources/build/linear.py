"""Fully connected layers."""

from __future__ import annotations

from netweight.functions.contract import products
from netweight.sources.build.core import Symbol
from netweight.sources.build.params import ZEROS, he


def linear(
    x: Symbol, out_features: int, *, bias: bool = True, weight: Symbol | None = None, name: str = "linear"
) -> Symbol:
    """Fully connected layer over the last dimension.

    Args:
        x: (..., in_features).
        out_features: Size of the last dimension of the result.
        bias: Whether to add one.
        weight: A symbol (out_features, in_features) to share instead of a new parameter.
        name: Last part of the module path.
    """
    builder = x.builder
    layer = builder.layer_name(name)
    in_features = x.shape[-1]
    if weight is None:
        weight = builder.state(layer, "weight", (out_features, in_features), he(in_features))
    offset = builder.state(layer, "bias", (out_features,), ZEROS) if bias else None
    with builder.layer(layer):
        return products.linear(builder, x, weight, offset)
