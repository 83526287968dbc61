"""Attention."""

from __future__ import annotations

import math

from netweight.functions.recorder import Recorder, T, layer_named
from netweight.ops.contract.attention import AttentionAttrs


@layer_named("attention")
def scaled_dot_product_attention(
    rec: Recorder, query: T, key: T, value: T, *, mask: T | None = None, is_causal: bool = False,
    scale: float | None = None,
) -> T:  # fmt: skip
    """softmax(query keyᵀ * scale + mask) value.

    >>> from netweight import build
    >>> build.graph(lambda x: build.scaled_dot_product_attention(x, x, x, is_causal=True), (1, 8, 16, 64), name="one")
    <Graph 'one': 1 operator, x float32[1, 8, 16, 64] -> attention float32[1, 8, 16, 64]>

    Args:
        rec: Where it is recorded.
        query: (*batch, H, L, E).
        key: (*batch, H_kv, S, E), H a multiple of H_kv.
        value: (*batch, H_kv, S, E_v).
        mask: Broadcastable to (*batch, H, L, S); booleans say where to attend, numbers are added.
        is_causal: Query l sees keys 0 to l.
        scale: Factor of the scores; 1 / sqrt(E) unless given.
    """
    if scale is None:
        scale = 1 / math.sqrt(max(1, *rec.spec(query).shape[-1:]))
    attrs = AttentionAttrs(scale=float(scale), is_causal=is_causal)
    return rec.op("scaled_dot_product_attention", attrs, query, key, value, mask)
