from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

_ONE_LAYER = {
    "has_biases": True, "num_layers": 1, "dropout": 0.0, "train": True, "bidirectional": False, "batch_first": False,
}  # fmt: skip


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


def _flip(attrs: Any, x: Any) -> Any:
    return x.flip(0) if attrs.reverse else x


def _parameters(weight_ih: Any, weight_hh: Any, bias_ih: Any, bias_hh: Any) -> list[Any]:
    """PyTorch has both biases or none: zeros for one that is left out."""
    biases = (torch.zeros(len(weight_ih), dtype=weight_ih.dtype) if b is None else b for b in (bias_ih, bias_hh))
    return [weight_ih, weight_hh, *biases]


def _state(x: Any, weight_hh: Any, state: Any) -> Any:
    return torch.zeros(1, x.shape[1], weight_hh.shape[1], dtype=x.dtype) if state is None else state[None]


def rnn(attrs: Any, x: Any, h0: Any, *parameters: Any) -> Any:
    function = torch.rnn_tanh if attrs.nonlinearity == "tanh" else torch.rnn_relu
    h = _state(x, parameters[1], h0)
    y, h_n = function(_flip(attrs, x), h, _parameters(*parameters), **_ONE_LAYER)
    return _flip(attrs, y), h_n[0]


def gru(attrs: Any, x: Any, h0: Any, *parameters: Any) -> Any:
    y, h_n = torch.gru(_flip(attrs, x), _state(x, parameters[1], h0), _parameters(*parameters), **_ONE_LAYER)
    return _flip(attrs, y), h_n[0]


def lstm(attrs: Any, x: Any, h0: Any, c0: Any, *parameters: Any) -> Any:
    states = [_state(x, parameters[1], state) for state in (h0, c0)]
    y, h_n, c_n = torch.lstm(_flip(attrs, x), states, _parameters(*parameters), **_ONE_LAYER)
    return _flip(attrs, y), h_n[0], c_n[0]


WITNESSES = {
    "einsum": lambda attrs, *xs: torch.einsum(attrs.equation, *xs),
    "gru": gru,
    "lstm": lstm,
    "matmul": lambda _attrs, a, b: torch.matmul(a, b),
    "rnn": rnn,
    "scaled_dot_product_attention": attention,
}
