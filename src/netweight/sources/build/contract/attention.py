"""Layers of attention."""

from __future__ import annotations

from netweight.errors import ShapeError
from netweight.functions.contract import attention as functions
from netweight.functions.move import layout, slicing
from netweight.sources.build.contract.products import linear
from netweight.sources.build.core import Symbol
from netweight.sources.build.layers import offered
from netweight.sources.build.parameters import ZEROS, xavier

reshape = offered(layout.reshape)
split = offered(slicing.split)
transpose = offered(layout.transpose)
scaled_dot_product_attention = offered(functions.scaled_dot_product_attention)


def multi_head_attention(
    x: Symbol, num_heads: int, *, bias: bool = True, mask: Symbol | None = None, is_causal: bool = False,
    name: str = "attn",
) -> Symbol:  # fmt: skip
    """Self-attention with projections into and out of the heads; parameters as torch.nn.MultiheadAttention's.

    >>> from netweight import build
    >>> build.graph(lambda x: build.multi_head_attention(x, num_heads=8), (1, 16, 64), name="one")
    <Graph 'one': 12 operators, x float32[1, 16, 64] -> attn.out_proj float32[1, 16, 64]>

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
