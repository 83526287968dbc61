"""Sigmoids: gates, and their logarithm."""

from __future__ import annotations

from netweight.functions.recorder import Recorder, T, from_front
from netweight.ops.pointwise.gate import GluAttrs


def logsigmoid(rec: Recorder, x: T) -> T:
    """Logarithm of the sigmoid."""
    return rec.op("log_sigmoid", None, x)


def glu(rec: Recorder, x: T, dim: int = -1) -> T:
    """One half of a dimension times the sigmoid of the other half."""
    return rec.op("glu", GluAttrs(dim=from_front(rec, x, dim)[0]), x)
