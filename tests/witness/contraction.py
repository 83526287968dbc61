from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

_ONE_LAYER = {
    "has_biases": True, "num_layers": 1, "dropout": 0.0, "train": True, "bidirectional": False, "batch_first": False,
}  # fmt: skip


def attention(attrs: Any, query: Any, key: Any, value: Any, mask: Any) -> Any:
    """PyTorch takes a mask or causality, not both: causality goes into the mask."""
    causal = attrs.is_causal and mask is None
    if mask is not None:
        mask = mask.expand(*query.shape[:-1], key.shape[-2])  # PyTorch wants two dimensions at least
    if attrs.is_causal and mask is not None:
        below = torch.ones(mask.shape[-2:], dtype=torch.bool).tril()
        mask = mask & below if mask.dtype == torch.bool else mask.masked_fill(~below, -torch.inf)
    grouped = query.ndim > 2 and query.shape[-3] != key.shape[-3]
    return F.scaled_dot_product_attention(
        query, key, value, attn_mask=mask, is_causal=causal, scale=attrs.scale, enable_gqa=grouped
    )


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
