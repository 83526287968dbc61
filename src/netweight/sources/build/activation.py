"""Activation functions and dropout."""

from __future__ import annotations

from netweight.ops.dropout import DropoutAttrs
from netweight.sources.build.core import Symbol, call


def relu(x: Symbol, *, inplace: bool = False, name: str = "relu") -> Symbol:
    """max(x, 0)."""
    return call("relu", None, x, name=name, inplace=inplace)


def dropout(x: Symbol, p: float = 0.5, *, name: str = "dropout") -> Symbol:
    """Random zeros while training; the identity at inference."""
    if x.builder.training:
        return call("dropout", DropoutAttrs(p=p), x, name=name)
    return call("identity", None, x, name=name)
