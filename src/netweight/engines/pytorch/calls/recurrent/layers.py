"""PyTorch's own layers where they have the options, else a step of them in its functions of each element."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

_ONE_LAYER = {
    "has_biases": True, "num_layers": 1, "dropout": 0.0, "train": True, "bidirectional": False, "batch_first": False,
}  # fmt: skip

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sigmoid": lambda a, *_: torch.sigmoid(a),
    "tanh": lambda a, *_: torch.tanh(a),
    "relu": lambda a, *_: F.relu(a),
    "affine": lambda a, alpha, beta: alpha * a + beta,
    "leaky_relu": lambda a, alpha, _: F.leaky_relu(a, alpha),
    "thresholded_relu": lambda a, alpha, _: F.threshold(a, alpha, 0.0),
    "scaled_tanh": lambda a, alpha, beta: alpha * torch.tanh(beta * a),
    "hardsigmoid": lambda a, alpha, beta: (alpha * a + beta).clamp(0, 1),
    "elu": lambda a, alpha, _: F.elu(a, alpha),
    "softsign": lambda a, *_: F.softsign(a),
    "softplus": lambda a, *_: F.softplus(a),
}


def _activate(attrs: Any, place: int, a: Any) -> Any:
    name, alpha, beta = attrs.activations[place]
    return _FUNCTIONS[name](a if attrs.clip is None else a.clamp(-attrs.clip, attrs.clip), alpha, beta)


def _flip(attrs: Any, x: Any) -> Any:
    return x.flip(0) if attrs.reverse else x


def _parameters(weight_ih: Any, weight_hh: Any, bias_ih: Any, bias_hh: Any) -> list[Any]:
    """PyTorch has both biases or none: zeros for one that is left out."""
    biases = (torch.zeros(len(weight_ih), dtype=weight_ih.dtype) if b is None else b for b in (bias_ih, bias_hh))
    return [weight_ih, weight_hh, *biases]


def _state(x: Any, weight_hh: Any, state: Any) -> Any:
    return torch.zeros(x.shape[1], weight_hh.shape[1], dtype=x.dtype) if state is None else state


def _steps(attrs: Any, x: Any, lengths: Any, states: Any, step: Callable[..., Any]) -> Any:
    """Each sample by itself, as far as it goes."""
    outputs, ends, nothing = [], [], 0 * x.sum()  # without a step nothing else asks for gradients
    for n in range(x.shape[1]):
        own = tuple(state[n] for state in states)
        length = len(x) if lengths is None else int(lengths[n])
        y = [torch.zeros_like(own[0]) + nothing for _ in range(len(x))]
        for t in reversed(range(length)) if attrs.reverse else range(length):
            own = step(x[t, n], *own)
            y[t] = own[0]
        outputs.append(torch.stack(y))
        ends.append(own)
    return torch.stack(outputs, 1), *(torch.stack(parts) + nothing for parts in zip(*ends, strict=True))


def _usual(attrs: Any) -> bool:
    return attrs.clip is None and attrs.activations == type(attrs)().activations


def rnn(attrs: Any, x: Any, h0: Any, *others: Any) -> Any:
    (weight_ih, weight_hh, bias_ih, bias_hh), lengths = _parameters(*others[:4]), (*others, None)[4]
    h = _state(x, weight_hh, h0)
    if _usual(attrs) and lengths is None:
        y, h_n = torch.rnn_tanh(_flip(attrs, x), h[None], [weight_ih, weight_hh, bias_ih, bias_hh], **_ONE_LAYER)
        return _flip(attrs, y), h_n[0]

    def step(read: Any, h: Any) -> Any:
        return (_activate(attrs, 0, F.linear(read, weight_ih, bias_ih) + F.linear(h, weight_hh, bias_hh)),)

    return _steps(attrs, x, lengths, (h,), step)


def gru(attrs: Any, x: Any, h0: Any, *others: Any) -> Any:
    (weight_ih, weight_hh, bias_ih, bias_hh), lengths = _parameters(*others[:4]), (*others, None)[4]
    h = _state(x, weight_hh, h0)
    if _usual(attrs) and lengths is None and attrs.reset_after:
        y, h_n = torch.gru(_flip(attrs, x), h[None], [weight_ih, weight_hh, bias_ih, bias_hh], **_ONE_LAYER)
        return _flip(attrs, y), h_n[0]
    recalling, their = weight_hh.chunk(3), bias_hh.chunk(3)

    def step(read: Any, h: Any) -> Any:
        seen = F.linear(read, weight_ih, bias_ih).chunk(3)
        r, z = (_activate(attrs, 0, seen[i] + F.linear(h, recalling[i], their[i])) for i in range(2))
        if attrs.reset_after:
            recalled = r * F.linear(h, recalling[2], their[2])
        else:
            recalled = F.linear(r * h, recalling[2], their[2])
        return (torch.lerp(_activate(attrs, 1, seen[2] + recalled), h, z),)

    return _steps(attrs, x, lengths, (h,), step)


def lstm(attrs: Any, x: Any, h0: Any, c0: Any, *others: Any) -> Any:
    (weight_ih, weight_hh, bias_ih, bias_hh), rest = _parameters(*others[:4]), (*others, None, None)[4:]
    peephole, lengths = rest[:2]
    states = tuple(_state(x, weight_hh, state) for state in (h0, c0))
    if _usual(attrs) and lengths is None and peephole is None and not attrs.coupled:
        parameters = [weight_ih, weight_hh, bias_ih, bias_hh]
        y, h_n, c_n = torch.lstm(_flip(attrs, x), [state[None] for state in states], parameters, **_ONE_LAYER)
        return _flip(attrs, y), h_n[0], c_n[0]
    looks = torch.zeros(3, weight_hh.shape[1], dtype=x.dtype) if peephole is None else peephole.reshape(3, -1)

    def step(read: Any, h: Any, c: Any) -> Any:
        i, f, g, o = (F.linear(read, weight_ih, bias_ih) + F.linear(h, weight_hh, bias_hh)).chunk(4)
        i = _activate(attrs, 0, i + looks[0] * c)
        f = 1 - i if attrs.coupled else _activate(attrs, 0, f + looks[1] * c)
        c = f * c + i * _activate(attrs, 1, g)
        return _activate(attrs, 0, o + looks[2] * c) * _activate(attrs, 2, c), c

    return _steps(attrs, x, lengths, states, step)


CALLS = {"gru": gru, "lstm": lstm, "rnn": rnn}
