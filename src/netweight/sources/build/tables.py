"""Layers of products and lookups of pairs: bags of embeddings, bilinear layers."""

from __future__ import annotations

import math

from netweight.functions.contract import products
from netweight.ir import Init
from netweight.ops.move.embedding_bag import BagMode, EmbeddingBagAttrs
from netweight.sources.build.core import Symbol


def embedding_bag(
    indices: Symbol,
    num_embeddings: int,
    embedding_dim: int,
    *,
    offsets: Symbol | None = None,
    per_sample_weights: Symbol | None = None,
    mode: BagMode = "mean",
    padding_idx: int | None = None,
    include_last_offset: bool = False,
    name: str = "embedding_bag",
) -> Symbol:
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
    layer = builder.layer_name(name)
    weight = builder.state(layer, "weight", (num_embeddings, embedding_dim), Init(kind="normal"))
    attrs = EmbeddingBagAttrs(mode=mode, padding_idx=padding_idx, include_last_offset=include_last_offset)
    return builder.call("embedding_bag", attrs, (indices, weight, offsets, per_sample_weights), layer=layer)[0]


def bilinear(x1: Symbol, x2: Symbol, out_features: int, *, bias: bool = True, name: str = "bilinear") -> Symbol:
    """x1ᵀ weight x2 per output feature: products of every feature of one with every feature of the other."""
    builder = x1.builder
    layer = builder.layer_name(name)
    in1, in2 = x1.shape[-1], x2.shape[-1]
    init = Init(kind="uniform", scale=1 / math.sqrt(max(in1, 1)))
    weight = builder.state(layer, "weight", (out_features, in1, in2), init)
    offset = builder.state(layer, "bias", (out_features,), init) if bias else None
    with builder.layer(layer):
        return products.bilinear(builder, x1, x2, weight, offset)
