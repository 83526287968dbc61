"""Attention, as one operator and as a layer."""

from __future__ import annotations

import math

from netweight.errors import ShapeError
from netweight.functions.move import layout
from netweight.ops.contract.attention import AttentionAttrs
from netweight.sources.build.core import Symbol, call
from netweight.sources.build.layers import offered
from netweight.sources.build.linear import linear
from netweight.sources.build.params import ZEROS, xavier

reshape = offered(layout.reshape)
split = offered(layout.split)
transpose = offered(layout.transpose)


def scaled_dot_product_attention(
    query: Symbol,
    key: Symbol,
    value: Symbol,
    *,
    mask: Symbol | None = None,
    is_causal: bool = False,
    scale: float | None = None,
    name: str = "attention",
) -> Symbol:
    """softmax(query keyᵀ * scale + mask) value.

    Args:
        query: (*batch, H, L, E).
        key: (*batch, H_kv, S, E), H a multiple of H_kv.
        value: (*batch, H_kv, S, E_v).
        mask: Broadcastable to (*batch, H, L, S); booleans say where to attend, numbers are added.
        is_causal: Query l sees keys 0 to l.
        scale: Factor of the scores; 1 / sqrt(E) unless given.
        name: Last part of the module path.
    """
    if scale is None:
        scale = 1 / math.sqrt(max(1, *query.shape[-1:]))
    attrs = AttentionAttrs(scale=float(scale), is_causal=is_causal)
    return call("scaled_dot_product_attention", attrs, query, key, value, mask, name=name)


def multi_head_attention(
    x: Symbol,
    num_heads: int,
    *,
    bias: bool = True,
    mask: Symbol | None = None,
    is_causal: bool = False,
    name: str = "attn",
) -> Symbol:
    """Self-attention with projections into and out of the heads; parameters as torch.nn.MultiheadAttention's.

    Args:
        x: (N, L, embed_dim), the batch first.
        num_heads: Number of heads, a divisor of embed_dim.
        bias: Whether the projections add one.
        mask: Broadcastable to (N, num_heads, L, L).
        is_causal: Position l sees positions 0 to l.
        name: Last part of the module path.

    Raises:
        ShapeError: If ``x`` does not have three dimensions, or the heads do not divide the last.
    """
    if len(x.shape) != 3 or num_heads < 1 or x.shape[-1] % num_heads:
        raise ShapeError(
            f"multi_head_attention: expected x (N, L, embed_dim) and heads that divide embed_dim, "
            f"got {x.shape} and {num_heads} heads"
        )
    n, length, embed_dim = x.shape
    builder = x.builder
    layer = builder.layer_name(name)
    weight = builder.state(layer, "in_proj_weight", (3 * embed_dim, embed_dim), xavier(embed_dim, 3 * embed_dim))
    offset = builder.state(layer, "in_proj_bias", (3 * embed_dim,), ZEROS) if bias else None
    with builder.scope(layer.rpartition(".")[2], "MultiheadAttention"):
        (projected,) = builder.call("linear", None, (x, weight, offset), layer=builder.layer_name("in_proj"))
        heads = [
            transpose(
                reshape(part, n, length, num_heads, embed_dim // num_heads, name="heads"), 1, 2, name="heads_first"
            )
            for part in split(projected, embed_dim, -1, name="qkv")
        ]
        query, key, value = heads
        mixed = scaled_dot_product_attention(query, key, value, mask=mask, is_causal=is_causal, name="attention")
        joined = reshape(transpose(mixed, 1, 2, name="heads_last"), n, length, embed_dim, name="joined")
        return linear(joined, embed_dim, bias=bias, name="out_proj")
