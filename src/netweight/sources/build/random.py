"""Dropout, which depends on whether the network is being trained."""

from __future__ import annotations

from netweight.ops.random.dropout import DropoutAttrs
from netweight.sources.build.core import Symbol, call


def dropout(x: Symbol, p: float = 0.5, *, name: str = "dropout") -> Symbol:
    """Random zeros while training; the identity at inference.

    >>> from netweight import build
    >>> build.graph(lambda x: build.dropout(x, 0.1), (2, 64), name="one")
    <Graph 'one': 1 operator, x float32[2, 64] -> dropout float32[2, 64]>
    """
    if x.builder.training:
        return call("dropout", DropoutAttrs(p=p), x, name=name)
    return call("identity", None, x, name=name)
