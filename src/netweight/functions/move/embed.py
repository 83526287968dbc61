"""Rows of a table that are looked up."""

from __future__ import annotations

from netweight.functions.recorder import Recorder, T
from netweight.ops.move.embed import EmbeddingAttrs

# Layers of the builder make the weights.
__all__: list[str] = []


def embedding(rec: Recorder, indices: T, weight: T, padding_idx: int | None = None) -> T:
    """A row of ``weight`` for every index; that of ``padding_idx`` is never learned."""
    return rec.op("embedding", EmbeddingAttrs(padding_idx=padding_idx), indices, weight)
