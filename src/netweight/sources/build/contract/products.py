"""Fully connected and bilinear layers."""

from __future__ import annotations

import math

from netweight.functions.contract import products as functions
from netweight.functions.plain import function_of
from netweight.ir import Init
from netweight.sources.build.core import Symbol
from netweight.sources.build.parameters import ZEROS, he, size_of


def linear(
    x: Symbol, out_features: int, *, bias: bool = True, weight: Symbol | None = None, name: str = "linear"
) -> Symbol:
    """Fully connected layer over the last dimension.

    >>> from netweight import build
    >>> build.graph(lambda x: build.linear(x, 10), (2, 64), name="one")
    <Graph 'one': 1 operator, x float32[2, 64] -> linear float32[2, 10]>

    Args:
        x: (..., in_features).
        out_features: Size of the last dimension of the result.
        bias: Whether to add one.
        weight: A symbol (out_features, in_features) to share instead of a new parameter.
        name: Last part of the module path.
    """
    in_features = size_of(x, -1, "linear")
    with x.builder.recording(name):
        if weight is None:
            weight = x.builder.own("weight", (out_features, in_features), he(in_features))
        offset = x.builder.own("bias", (out_features,), ZEROS) if bias else None
        return functions.linear(x.builder, x, weight, offset)


def bilinear(x1: Symbol, x2: Symbol, out_features: int, *, bias: bool = True, name: str = "bilinear") -> Symbol:
    """x1ᵀ weight x2 per output feature: products of every feature of one with every feature of the other."""
    in1, in2 = size_of(x1, -1, "bilinear"), size_of(x2, -1, "bilinear")
    init = Init(kind="uniform", scale=1 / math.sqrt(max(in1, 1)))
    with x1.builder.recording(name):
        weight = x1.builder.own("weight", (out_features, in1, in2), init)
        offset = x1.builder.own("bias", (out_features,), init) if bias else None
        return function_of("bilinear")(x1.builder, x1, x2, weight, offset)
