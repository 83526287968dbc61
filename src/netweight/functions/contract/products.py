"""Products of matrices."""

from __future__ import annotations

from netweight.functions.recorder import Recorder, T

# Layers of the builder make the weights of the others.
__all__ = ["matmul"]


def linear(rec: Recorder, x: T, weight: T, bias: T | None = None) -> T:
    """x weightᵀ + bias over the last dimension."""
    return rec.op("linear", None, x, weight, bias)


def matmul(rec: Recorder, a: T, b: T) -> T:
    """Matrix product over the last two dimensions, the others broadcast; also ``a @ b``.

    >>> from netweight import build
    >>> build.graph(lambda x: build.matmul(x, build.transpose(x, 1, 2)), (1, 16, 64), name="one")
    <Graph 'one': 2 operators, x float32[1, 16, 64] -> matmul float32[1, 16, 16]>
    """
    return rec.op("matmul", None, a, b)
