"""Rows of tables that are looked up, and reduced bag by bag."""

from __future__ import annotations

from netweight.functions.move import embedding_bag as functions
from netweight.ir import Init
from netweight.ops.move.embedding_bag import BagMode
from netweight.sources.build.core import Symbol


def embedding_bag(
    indices: Symbol, num_embeddings: int, embedding_dim: int, *, offsets: Symbol | None = None,
    per_sample_weights: Symbol | None = None, mode: BagMode = "mean", padding_idx: int | None = None,
    include_last_offset: bool = False, name: str = "embedding_bag",
) -> Symbol:  # fmt: skip
    """Learned rows, looked up and reduced bag by bag.

    Args:
        indices: (bags, length), or (lookups,) with offsets.
        num_embeddings: Rows of the table.
        embedding_dim: Size of a row.
        offsets: Where each bag starts in a flat list of indices.
        per_sample_weights: A factor per lookup; with mode ``"sum"`` only.
        mode: What becomes of the rows of a bag.
        padding_idx: Row that is left out of every bag, and never learned.
        include_last_offset: The offsets end with the number of indices.
        name: Last part of the module path.
    """
    builder = indices.builder
    with builder.recording(name):
        weight = builder.own("weight", (num_embeddings, embedding_dim), Init(kind="normal"))
        return functions.embedding_bag(
            builder, indices, weight, offsets, mode, per_sample_weights, include_last_offset, padding_idx
        )
