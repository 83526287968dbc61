"""One sample, one step, one hidden feature at a time."""

import math
from typing import Any

import numpy as np


class _Layer:
    """Weights and options of a layer, and how many products it has taken."""

    def __init__(self, attrs: Any, weight_ih: Any, weight_hh: Any, bias_ih: Any, bias_hh: Any) -> None:
        self.attrs, self.macs = attrs, 0
        self.read, self.recalled = (weight_ih, bias_ih), (weight_hh, bias_hh)
        self.hidden = weight_hh.shape[1]

    def dot(self, part: Any, row: int, vector: Any) -> float:
        weight, bias = part
        total = 0.0 if bias is None else bias[row]
        for i in range(len(vector)):
            total += weight[row, i] * vector[i]
            self.macs += 1
        return total

    def both(self, gate: int, unit: int, x: Any, h: Any) -> float:
        row = gate * self.hidden + unit
        return self.dot(self.read, row, x) + self.dot(self.recalled, row, h)

    def activate(self, place: int, a: float) -> float:
        name, alpha, beta = self.attrs.activations[place]
        if self.attrs.clip is not None:
            a = min(max(a, -self.attrs.clip), self.attrs.clip)
        return {
            "sigmoid": lambda: 1 / (1 + math.exp(-a)),
            "tanh": lambda: math.tanh(a),
            "relu": lambda: a if a > 0 else 0.0,
            "affine": lambda: alpha * a + beta,
            "leaky_relu": lambda: a if a >= 0 else alpha * a,
            "thresholded_relu": lambda: a if a >= alpha else 0.0,
            "scaled_tanh": lambda: alpha * math.tanh(beta * a),
            "hardsigmoid": lambda: min(max(alpha * a + beta, 0.0), 1.0),
            "elu": lambda: a if a >= 0 else alpha * (math.exp(a) - 1),
            "softsign": lambda: a / (1 + abs(a)),
            "softplus": lambda: math.log(1 + math.exp(a)),
        }[name]()

    def run(self, x: Any, lengths: Any, starts: Any, after: Any) -> tuple[Any, int]:
        """Steps beyond a length are computed as well, and thrown away: the work is that of all steps."""
        y = np.zeros((*x.shape[:2], self.hidden))
        for n in range(x.shape[1]):
            states = [[0.0] * self.hidden if start is None else list(start[n]) for start in starts]
            length = len(x) if lengths is None else int(lengths[n])
            for t in reversed(range(length)) if self.attrs.reverse else range(length):
                states = after(x[t, n], *states)
                y[t, n] = states[0]
            for t in range(length, len(x)):
                after(x[t, n], *states)
        return y, self.macs


def rnn_general(attrs: Any, x: Any, h0: Any, *others: Any) -> tuple[Any, int]:
    *weights, lengths = others
    layer = _Layer(attrs, *weights)

    def after(read: Any, h: Any) -> Any:
        return [[layer.activate(0, layer.both(0, unit, read, h)) for unit in range(layer.hidden)]]

    return layer.run(x, lengths, [h0], after)


def gru_general(attrs: Any, x: Any, h0: Any, *others: Any) -> tuple[Any, int]:
    *weights, lengths = others
    layer = _Layer(attrs, *weights)
    units = range(layer.hidden)

    def after(read: Any, h: Any) -> Any:
        r = [layer.activate(0, layer.both(0, unit, read, h)) for unit in units]
        z = [layer.activate(0, layer.both(1, unit, read, h)) for unit in units]
        reset = h if attrs.reset_after else [r[unit] * h[unit] for unit in units]
        new = []
        for unit in units:
            row = 2 * layer.hidden + unit
            recalled = layer.dot(layer.recalled, row, reset) * (r[unit] if attrs.reset_after else 1)
            new.append(layer.activate(1, layer.dot(layer.read, row, read) + recalled))
        return [[(1 - z[unit]) * new[unit] + z[unit] * h[unit] for unit in units]]

    return layer.run(x, lengths, [h0], after)


def lstm_general(attrs: Any, x: Any, h0: Any, c0: Any, *others: Any) -> tuple[Any, int]:
    *weights, peephole, lengths = others
    layer = _Layer(attrs, *weights)
    looks = np.zeros((3, layer.hidden)) if peephole is None else peephole.reshape(3, -1)

    def after(read: Any, h: Any, c: Any) -> Any:
        new_h, new_c = [], []
        for unit in range(layer.hidden):
            i, f, g, o = (layer.both(gate, unit, read, h) for gate in range(4))
            i = layer.activate(0, i + looks[0, unit] * c[unit])
            f = 1 - i if attrs.coupled else layer.activate(0, f + looks[1, unit] * c[unit])
            new_c.append(f * c[unit] + i * layer.activate(1, g))
            new_h.append(layer.activate(0, o + looks[2, unit] * new_c[-1]) * layer.activate(2, new_c[-1]))
        return [new_h, new_c]

    return layer.run(x, lengths, [h0, c0], after)


DEFINITIONS = {"rnn_general": rnn_general, "gru_general": gru_general, "lstm_general": lstm_general}
