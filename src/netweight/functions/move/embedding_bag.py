"""Rows of a table that are looked up, and reduced bag by bag."""

from __future__ import annotations

from netweight.functions.recorder import Recorder, T
from netweight.ops.move.embedding_bag import BagMode, EmbeddingBagAttrs

# Layers of the builder make the weights.
__all__: list[str] = []


def embedding_bag(
    rec: Recorder, indices: T, weight: T, offsets: T | None = None, mode: BagMode = "mean",
    per_sample_weights: T | None = None, include_last_offset: bool = False, padding_idx: int | None = None,
) -> T:  # fmt: skip
    """Sum, mean or maximum of the rows of each bag: those of a row of indices, or from one offset to the next."""
    attrs = EmbeddingBagAttrs(mode=mode, padding_idx=padding_idx, include_last_offset=include_last_offset)
    return rec.op("embedding_bag", attrs, indices, weight, offsets, per_sample_weights)
