"""Recurrent layers: one sample, one step, one hidden feature at a time."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from definitions.counting import (
    absolute,
    counted,
    exp,
    greater,
    log,
    mac,
    maximum,
    minimum,
    numbers,
    tanh,
    value,
    values,
    where,
)

FUNCTIONS: dict[str, Callable[[Any, float, float], Any]] = {
    "sigmoid": lambda a, _alpha, _beta: 1 / (1 + exp(-a)),
    "tanh": lambda a, _alpha, _beta: tanh(a),
    "relu": lambda a, _alpha, _beta: maximum(a, 0.0),
    "affine": lambda a, alpha, beta: alpha * a + beta,
    "leaky_relu": lambda a, alpha, _beta: where(greater(a, 0.0), a, alpha * a),
    "thresholded_relu": lambda a, alpha, _beta: where(greater(a, alpha), a, 0.0),
    "scaled_tanh": lambda a, alpha, beta: alpha * tanh(beta * a),
    "hardsigmoid": lambda a, alpha, beta: minimum(maximum(alpha * a + beta, 0.0), 1.0),
    "elu": lambda a, alpha, _beta: where(greater(a, 0.0), a, alpha * (exp(a) - 1)),
    "softsign": lambda a, _alpha, _beta: a / (1 + absolute(a)),
    # That of the table, which has a slope (1) and a place from which on it is the identity (20).
    "softplus": lambda a, _alpha, _beta: where(greater(1.0 * a, 20.0), a, log(1 + exp(a)) / 1.0),
}


class _Layer:
    """Weights and options of a layer, and the arguments that its functions have seen."""

    def __init__(self, attrs: Any, weight_ih: Any, weight_hh: Any, bias_ih: Any, bias_hh: Any) -> None:
        self.attrs, self.arguments = attrs, [[] for _ in attrs.activations]
        self.read, self.recalled = (numbers(weight_ih), numbers(bias_ih)), (numbers(weight_hh), numbers(bias_hh))
        self.hidden = weight_hh.shape[1]

    def dot(self, part: Any, row: int, vector: Any, total: Any = 0.0) -> Any:
        weight, bias = part
        for i in range(len(vector)):
            total = mac(total, weight[row, i], vector[i])
        return total if bias is None else total + bias[row]

    def both(self, gate: int, unit: int, x: Any, h: Any) -> Any:
        row = gate * self.hidden + unit
        return self.dot(self.recalled, row, h, self.dot(self.read, row, x))

    def activate(self, place: int, a: Any) -> Any:
        name, alpha, beta = self.attrs.activations[place]
        self.arguments[place].append(value(a))
        if self.attrs.clip is not None:
            a = minimum(maximum(a, -self.attrs.clip), self.attrs.clip)
        return FUNCTIONS[name](a, alpha, beta)

    def run(self, x: Any, lengths: Any, initial: Any, after: Any) -> tuple[Any, Counter[str]]:
        """Steps beyond a length are computed as well, and thrown away: the work is that of all steps."""
        y = np.zeros((*x.shape[:2], self.hidden))
        x = numbers(x)
        with counted() as work:
            for n in range(x.shape[1]):
                states = [list(numbers(np.zeros(self.hidden) if start is None else start[n])) for start in initial]
                length = len(x) if lengths is None else int(lengths[n])
                for t in reversed(range(length)) if self.attrs.reverse else range(length):
                    states = after(x[t, n], *states)
                    y[t, n] = values(states[0])
                for t in range(length, len(x)):
                    after(x[t, n], *states)
        return y, work


def _rnn(attrs: Any, x: Any, h0: Any, *others: Any) -> tuple[_Layer, Any]:
    weights, lengths = others[:4], others[4] if len(others) > 4 else None
    layer = _Layer(attrs, *weights)

    def after(read: Any, h: Any) -> Any:
        return [[layer.activate(0, layer.both(0, unit, read, h)) for unit in range(layer.hidden)]]

    return layer, layer.run(x, lengths, [h0], after)


def _gru(attrs: Any, x: Any, h0: Any, *others: Any) -> tuple[_Layer, Any]:
    weights, lengths = others[:4], others[4] if len(others) > 4 else None
    layer = _Layer(attrs, *weights)
    units = range(layer.hidden)

    def candidate(read: Any, h: Any, r: Any) -> Any:
        if attrs.reset_after:
            for unit in units:
                row = 2 * layer.hidden + unit
                yield layer.dot(layer.read, row, read) + r[unit] * layer.dot(layer.recalled, row, h)
        else:
            reset = [r[unit] * h[unit] for unit in units]
            for unit in units:
                yield layer.both(2, unit, read, reset)

    def after(read: Any, h: Any) -> Any:
        r = [layer.activate(0, layer.both(0, unit, read, h)) for unit in units]
        z = [layer.activate(0, layer.both(1, unit, read, h)) for unit in units]
        new = [layer.activate(1, argument) for argument in candidate(read, h, r)]
        return [[(1 - z[unit]) * new[unit] + z[unit] * h[unit] for unit in units]]

    return layer, layer.run(x, lengths, [h0], after)


def _lstm(attrs: Any, x: Any, h0: Any, c0: Any, *others: Any) -> tuple[_Layer, Any]:
    *weights, peephole, lengths = (*others, None, None)[:6]
    layer = _Layer(attrs, *weights)
    looks = None if peephole is None else numbers(peephole).reshape(3, -1)

    def seeing(argument: Any, look: int, unit: int, cell: Any) -> Any:
        return argument if looks is None else argument + looks[look, unit] * cell

    def after(read: Any, h: Any, c: Any) -> Any:
        new_h, new_c = [], []
        for unit in range(layer.hidden):
            i, f, g, o = (layer.both(gate, unit, read, h) for gate in range(4))
            i = layer.activate(0, seeing(i, 0, unit, c[unit]))
            f = 1 - i if attrs.coupled else layer.activate(0, seeing(f, 1, unit, c[unit]))
            new_c.append(f * c[unit] + i * layer.activate(1, g))
            o = layer.activate(0, seeing(o, 2, unit, new_c[-1]))
            new_h.append(o * layer.activate(2, new_c[-1]))
        return [new_h, new_c]

    return layer, layer.run(x, lengths, [h0, c0], after)


_LAYERS = {"rnn": _rnn, "gru": _gru, "lstm": _lstm}


def arguments(name: str, attrs: Any, *tensors: Any) -> list[list[float]]:
    """What each activation function was applied to."""
    return _LAYERS[name](attrs, *tensors)[0].arguments


DEFINITIONS = {name: lambda attrs, *tensors, run=run: run(attrs, *tensors)[1] for name, run in _LAYERS.items()}
