"""Layer and root mean square normalisation over given weights."""

from __future__ import annotations

from collections.abc import Sequence

from netweight.functions.recorder import Recorder, T
from netweight.ops.norm.layer_norm import LayerNormAttrs

# Layers of the builder make the weights.
__all__: list[str] = []


def layer_norm(
    rec: Recorder, x: T, normalized_shape: Sequence[int], weight: T | None = None, bias: T | None = None,
    eps: float = 1e-5,
) -> T:  # fmt: skip
    """By the mean and variance of the last dimensions, whose sizes are given."""
    return rec.op("layer_norm", LayerNormAttrs(normalized_shape=tuple(normalized_shape), eps=eps), x, weight, bias)


def rms_norm(rec: Recorder, x: T, normalized_shape: Sequence[int], weight: T | None = None, eps: float = 1e-6) -> T:
    """By the root mean square of the last dimensions, whose sizes are given."""
    return rec.op("rms_norm", LayerNormAttrs(normalized_shape=tuple(normalized_shape), eps=eps), x, weight)
