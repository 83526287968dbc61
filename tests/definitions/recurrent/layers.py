import math
from typing import Any

import numpy as np


class _Products:
    """weight_ih x + bias_ih and weight_hh h + bias_hh, row by row, and how many products they took."""

    def __init__(self, weight_ih: Any, weight_hh: Any, bias_ih: Any, bias_hh: Any) -> None:
        self.parts = (weight_ih, bias_ih), (weight_hh, bias_hh)
        self.macs = 0

    def __call__(self, row: int, x: Any, h: Any) -> list[float]:
        totals = []
        for (weight, bias), vector in zip(self.parts, (x, h), strict=True):
            total = 0.0 if bias is None else bias[row]
            for i in range(len(vector)):
                total += weight[row, i] * vector[i]
                self.macs += 1
            totals.append(total)
        return totals


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def _steps(attrs: Any, x: Any) -> list[int]:
    return sorted(range(len(x)), reverse=attrs.reverse)


def _start(state: Any, sample: int, hidden: int) -> list[float]:
    return [0.0] * hidden if state is None else list(state[sample])


def rnn(attrs: Any, x: Any, h0: Any, weight_ih: Any, weight_hh: Any, bias_ih: Any, bias_hh: Any) -> tuple[Any, int]:
    products = _Products(weight_ih, weight_hh, bias_ih, bias_hh)
    hidden = weight_hh.shape[1]
    y = np.zeros((*x.shape[:2], hidden))
    for n in range(x.shape[1]):
        h = _start(h0, n, hidden)
        for t in _steps(attrs, x):
            arguments = [sum(products(row, x[t, n], h)) for row in range(hidden)]
            h = [math.tanh(a) if attrs.nonlinearity == "tanh" else max(a, 0.0) for a in arguments]
            y[t, n] = h
    return y, products.macs


def gru(attrs: Any, x: Any, h0: Any, weight_ih: Any, weight_hh: Any, bias_ih: Any, bias_hh: Any) -> tuple[Any, int]:
    products = _Products(weight_ih, weight_hh, bias_ih, bias_hh)
    hidden = weight_hh.shape[1]
    y = np.zeros((*x.shape[:2], hidden))
    for sample in range(x.shape[1]):
        h = _start(h0, sample, hidden)
        for t in _steps(attrs, x):
            after = []
            for unit in range(hidden):
                r = _sigmoid(sum(products(unit, x[t, sample], h)))
                z = _sigmoid(sum(products(hidden + unit, x[t, sample], h)))
                read, recalled = products(2 * hidden + unit, x[t, sample], h)
                after.append((1 - z) * math.tanh(read + r * recalled) + z * h[unit])
            y[t, sample] = h = after
    return y, products.macs


def lstm(attrs: Any, x: Any, h0: Any, c0: Any, *parameters: Any) -> tuple[Any, int]:
    products = _Products(*parameters)
    hidden = parameters[1].shape[1]
    y = np.zeros((*x.shape[:2], hidden))
    for n in range(x.shape[1]):
        h, c = _start(h0, n, hidden), _start(c0, n, hidden)
        for t in _steps(attrs, x):
            after = []
            for unit in range(hidden):
                i, f, g, o = (sum(products(gate * hidden + unit, x[t, n], h)) for gate in range(4))
                c[unit] = _sigmoid(f) * c[unit] + _sigmoid(i) * math.tanh(g)
                after.append(_sigmoid(o) * math.tanh(c[unit]))
            y[t, n] = h = after
    return y, products.macs


DEFINITIONS = {"rnn": rnn, "gru": gru, "lstm": lstm}
