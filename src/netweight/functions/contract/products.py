"""Products of matrices."""

from __future__ import annotations

from netweight.functions.recorder import Recorder, T

# Layers of the builder make the weights of the others.
__all__ = ["matmul"]


def linear(rec: Recorder, x: T, weight: T, bias: T | None = None) -> T:
    """x weightᵀ + bias over the last dimension."""
    return rec.op("linear", None, x, weight, bias)


def matmul(rec: Recorder, a: T, b: T) -> T:
    """Matrix product over the last two dimensions, the others broadcast; also ``a @ b``."""
    return rec.op("matmul", None, a, b)
