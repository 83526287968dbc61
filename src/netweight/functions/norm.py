"""Normalisation without weights, and softmax."""

from __future__ import annotations

from netweight.functions.recorder import Recorder, T
from netweight.ops.norm.local_response_norm import LocalResponseNormAttrs
from netweight.ops.norm.softmax import SoftmaxAttrs


def softmax(rec: Recorder, x: T, dim: int = -1) -> T:
    """Positive numbers that add up to 1 along ``dim``."""
    return rec.op("softmax", SoftmaxAttrs(dim=dim), x)


def log_softmax(rec: Recorder, x: T, dim: int = -1) -> T:
    """Logarithm of softmax."""
    return rec.op("log_softmax", SoftmaxAttrs(dim=dim), x)


def local_response_norm(rec: Recorder, x: T, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> T:
    """Each channel divided by a power of the mean square of ``size`` channels around it."""
    attrs = LocalResponseNormAttrs(size=size, alpha=float(alpha), beta=float(beta), k=float(k))
    return rec.op("local_response_norm", attrs, x)
