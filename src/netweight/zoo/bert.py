"""BERT: a transformer encoder over the tokens of a text.

Source: Devlin, Chang, Lee & Toutanova 2019, "BERT: pre-training of deep bidirectional transformers for language
understanding", section 3.
"""

from netweight.build import (
    Symbol,
    add,
    dropout,
    embedding,
    layer_norm,
    linear,
    narrow,
    parameter,
    scope,
    squeeze,
    tanh,
)
from netweight.errors import ShapeError
from netweight.ir import Init
from netweight.zoo.transformer import transformer_encoder

_EMBEDDING = Init(kind="normal", scale=0.02)
_EPS = 1e-12
_SEGMENTS = 2


def bert(
    x: Symbol,
    *,
    vocab_size: int = 30522,
    max_length: int = 512,
    embed_dim: int = 768,
    depth: int = 12,
    num_heads: int = 12,
    mlp_dim: int = 3072,
    drop: float = 0.1,
) -> Symbol:
    """Embeddings of words, positions and segments, an encoder, and the pooled first token, (N, embed_dim).

    Args:
        x: Token ids (N, length), all of the first segment.
        vocab_size: Number of tokens.
        max_length: Positions that have an embedding.
        embed_dim: Size of the vector of a token.
        depth: Layers of the encoder.
        num_heads: Attention heads of each.
        mlp_dim: Width within the network at every position.
        drop: Share of the elements that dropout drops while training.

    Raises:
        ShapeError: If ``x`` is no (N, length) or longer than ``max_length``, or the heads do not divide embed_dim.
    """
    if len(x.shape) != 2 or x.shape[1] > max_length:
        raise ShapeError(f"bert: expected token ids (N, length) with length up to {max_length}, got {x.shape}")
    with scope(x, "embeddings", "BertEmbeddings"):
        words = embedding(x, vocab_size, embed_dim, name="word_embeddings")
        positions = parameter(x, "position_embeddings", (max_length, embed_dim), _EMBEDDING)
        segments = parameter(x, "token_type_embeddings", (_SEGMENTS, embed_dim), _EMBEDDING)
        y = add(words, narrow(positions, 0, 0, x.shape[1]))
        y = layer_norm(add(y, narrow(segments, 0, 0, 1)), eps=_EPS, name="ln")
        y = dropout(y, drop)
    with scope(x, "encoder", "BertEncoder"):
        y = transformer_encoder(
            y, depth=depth, num_heads=num_heads, mlp_dim=mlp_dim, activation="gelu", eps=_EPS, drop=drop
        )
    with scope(x, "pooler", "BertPooler"):
        return tanh(linear(squeeze(narrow(y, 1, 0, 1), 1), embed_dim, name="dense"))
