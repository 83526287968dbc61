"""Formulas of activation functions, an entry an operator."""

import math
from typing import Any

from definitions.pointwise.counting import (
    above,
    counted,
    erf,
    exp,
    least,
    log,
    most,
    sigmoid,
    size,
    tanh,
)  # fmt: skip
from definitions.pointwise.define import ANY, PAIRS, SA, A, B, Definition, S, define


def _gate(x: Any, square: Any) -> Any:
    return tanh(x * (A + B * square))


def _gelu_tanh_x(g: Any, x: Any) -> Any:
    square = x * x
    gate = _gate(x, square)
    return 0.5 * g * (1 + gate + x * ((1 - gate * gate) * (A + 3 * B * square)))


def _silu_x(g: Any, x: Any) -> Any:
    s = sigmoid(x)
    return g * s * (1 + x * (1 - s))


def _mish_x(g: Any, x: Any) -> Any:
    t = tanh(log(1 + exp(x)))
    return g * (t + x * (1 - t * t) * sigmoid(x))


def _softplus(beta: float, threshold: float) -> Definition:
    def y(x: Any) -> Any:
        scaled = beta * x
        return x if above(scaled, threshold) else log(1 + exp(scaled)) / beta

    def x(g: Any, x: Any) -> Any:
        scaled = beta * x
        return g if above(scaled, threshold) else g * sigmoid(scaled)

    return Definition(ANY, y, {"x": x}, {"beta": beta, "threshold": threshold})


def _hardswish_x(g: Any, x: Any) -> Any:
    if not above(x, -3):
        return 0.0
    return g * (x * (1 / 3) + 0.5) if above(3, x) else g


def _softsign_x(g: Any, x: Any) -> Any:
    d = 1 + size(x)
    return g / (d * d)


def _tanhshrink_x(g: Any, x: Any) -> Any:
    t = tanh(x)
    return g * (t * t)


def _elu(a: float) -> Definition:
    return define(
        ANY,
        lambda x: x if above(x, 0) else a * (exp(x) - 1),
        {"alpha": a},
        x=lambda g, y: g if above(y, 0) else g * (y + a),
    )  # fmt: skip


def _celu(a: float) -> Definition:
    return define(
        ANY,
        lambda x: x if above(x, 0) else a * (exp(x * (1 / a)) - 1),
        {"alpha": a},
        x=lambda g, y: g if above(y, 0) else g * (y * (1 / a) + 1),
    )  # fmt: skip


def _leaky(s: float) -> Definition:
    return define(
        ANY, lambda x: x if above(x, 0) else s * x, {"negative_slope": s}, x=lambda g, y: g if above(y, 0) else s * g
    )  # fmt: skip


def _hardsigmoid(a: float, b: float) -> Definition:
    return define(
        ANY,
        lambda x: least(most(a * x + b, 0), 1),
        {"alpha": a, "beta": b},
        x=lambda g, y: g * a if above(y, 0) and above(1, y) else 0.0,
    )  # fmt: skip


def _threshold(t: float, v: float) -> Definition:
    return define(
        ANY, lambda x: x if above(x, t) else v, {"threshold": t, "value": v}, x=lambda g, x: g if above(x, t) else 0.0
    )  # fmt: skip


ACTIVATIONS: dict[str, Definition | list[Definition]] = {
    "relu": define(ANY, lambda x: most(x, 0), x=lambda g, y: g if above(y, 0) else 0.0),
    "relu6": define(ANY, lambda x: least(most(x, 0), 6), x=lambda g, y: g if above(y, 0) and above(6, y) else 0.0),
    "leaky_relu": [_leaky(0.01), _leaky(0.0), _leaky(1.5)],
    "elu": [_elu(1.0), _elu(0.7)],
    "selu": define(ANY, lambda x: S * x if above(x, 0) else SA * (exp(x) - 1),
        x=lambda g, y: g * (S if above(y, 0) else y + SA)),
    "celu": [_celu(1.0), _celu(0.7)],
    "hardsigmoid": [_hardsigmoid(1 / 6, 0.5), _hardsigmoid(0.2, 0.4)],
    "hardswish": define(ANY, lambda x: x * least(most(x * (1 / 6) + 0.5, 0), 1), x=_hardswish_x),
    "sigmoid": define(ANY, sigmoid, x=lambda g, y: g * y * (1 - y)),
    "tanh": define(ANY, tanh, x=lambda g, y: g * (1 - y * y)),
    "silu": define(ANY, lambda x: x / (1 + exp(-x)), x=_silu_x),
    "mish": define(ANY, lambda x: x * tanh(log(1 + exp(x))), x=_mish_x),
    "gelu": [
        define(ANY, lambda x: 0.5 * x * (1 + erf(x * math.sqrt(0.5))),
            x=lambda g, x: 0.5 * g * (1 + erf(x * math.sqrt(0.5)) + x * (A * exp(-0.5 * (x * x))))),
        define(ANY, lambda x: 0.5 * x * (1 + _gate(x, x * x)), {"approximate": "tanh"}, x=_gelu_tanh_x),
    ],
    "softplus": [_softplus(1.0, 20.0), _softplus(2.0, 1.0)],
    "log_sigmoid": define(ANY, lambda x: least(x, 0) - log(1 + exp(-size(x))), x=lambda g, x: g * sigmoid(-x)),
    "softshrink": define(ANY, lambda x: x - least(most(x, -0.5), 0.5), {"lambd": 0.5},
        x=lambda g, y: g if counted("compares", lambda a: a != 0, y).value else 0.0),
    "hardshrink": define(ANY, lambda x: x if above(size(x), 0.5) else 0.0, {"lambd": 0.5},
        x=lambda g, x: g if above(size(x), 0.5) else 0.0),
    "threshold": [_threshold(0.1, 7.0), _threshold(0.0, 0.0)],
    "tanhshrink": define(ANY, lambda x: x - tanh(x), x=_tanhshrink_x),
    "softsign": define(ANY, lambda x: x / (1 + size(x)), x=_softsign_x),
    "prelu": define(PAIRS, lambda x, w: x if above(x, 0) else w * x,
        x=lambda g, x, weight: g if above(x, 0) else weight * g, weight=lambda g, x: 0.0 + g * least(x, 0)),
}  # fmt: skip
