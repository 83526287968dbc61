"""PyTorch's calls: contraction."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812


def attention(attrs: Any, query: Any, key: Any, value: Any, mask: Any) -> Any:
    """PyTorch takes a mask or causality from the first key, not both, and knows no soft cap."""
    shape = (*query.shape[:-1], key.shape[-2])
    plain = attrs.is_causal and mask is None and not attrs.causal_offset
    if mask is not None:
        mask = mask.expand(shape)  # PyTorch wants two dimensions at least
    if attrs.is_causal and not plain:
        seen = torch.ones(shape[-2:], dtype=torch.bool).tril(attrs.causal_offset)
        mask = torch.ones(shape, dtype=torch.bool) if mask is None else mask
        mask = mask & seen if mask.dtype == torch.bool else mask.masked_fill(~seen, -torch.inf)
    grouped = query.ndim > 2 and query.shape[-3] != key.shape[-3]
    if attrs.softcap:
        return _capped(attrs, query, key, value, torch.ones(shape, dtype=torch.bool).tril() if plain else mask, grouped)
    return F.scaled_dot_product_attention(
        query, key, value, attn_mask=mask, is_causal=plain, scale=attrs.scale, enable_gqa=grouped
    )


def _capped(attrs: Any, query: Any, key: Any, value: Any, mask: Any, grouped: bool) -> Any:
    """Word for word; a row with nothing to attend to gives zeros."""
    if grouped:
        times = query.shape[-3] // key.shape[-3]
        key, value = key.repeat_interleave(times, -3), value.repeat_interleave(times, -3)
    scores = torch.tanh(query @ key.mT * attrs.scale / attrs.softcap) * attrs.softcap
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf) if mask.dtype == torch.bool else scores + mask
    empty = scores.isneginf().all(-1, keepdim=True)
    return torch.softmax(scores.masked_fill(empty, 0.0), -1).masked_fill(empty, 0.0) @ value


def linear(_attrs: None, x: Any, weight: Any, bias: Any) -> Any:
    return F.linear(x, weight, bias)


CALLS = {
    "einsum": lambda attrs, *xs: torch.einsum(attrs.equation, *xs),
    "matmul": lambda _attrs, a, b: torch.matmul(a, b),
    "scaled_dot_product_attention": attention,
    "linear": linear,
}
