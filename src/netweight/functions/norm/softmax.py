"""Softmax and its logarithm."""

from __future__ import annotations

from netweight.functions.recorder import Recorder, T
from netweight.ops.norm.softmax import SoftmaxAttrs


def softmax(rec: Recorder, x: T, dim: int = -1) -> T:
    """Positive numbers that add up to 1 along ``dim``.

    >>> from netweight import build
    >>> build.graph(lambda x: build.softmax(x), (2, 10), name="one")
    <Graph 'one': 1 operator, x float32[2, 10] -> softmax float32[2, 10]>
    """
    return rec.op("softmax", SoftmaxAttrs(dim=dim), x)


def log_softmax(rec: Recorder, x: T, dim: int = -1) -> T:
    """Logarithm of softmax."""
    return rec.op("log_softmax", SoftmaxAttrs(dim=dim), x)
