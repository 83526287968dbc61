"""Softmax."""

from __future__ import annotations

from netweight.ops.norm.softmax import SoftmaxAttrs
from netweight.sources.build.core import Symbol, call


def softmax(x: Symbol, dim: int = -1, *, name: str = "softmax") -> Symbol:
    """Positive numbers that add up to 1 along ``dim``."""
    return call("softmax", SoftmaxAttrs(dim=dim), x, name=name)


def log_softmax(x: Symbol, dim: int = -1, *, name: str = "log_softmax") -> Symbol:
    """Logarithm of softmax."""
    return call("log_softmax", SoftmaxAttrs(dim=dim), x, name=name)
