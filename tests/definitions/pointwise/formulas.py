"""What each operator on each element computes, as its mathematics says; one line an operator.

``FORMULAS`` has per operator the numbers that it is looked at, which reach every branch, the formula of ``y``, the
settings, and by input the formulas of gradients: functions of ``g``, the gradient of ``y``, and of what they need.
"""

import math
from typing import Any

from definitions.pointwise.activations import ACTIVATIONS
from definitions.pointwise.counting import (
    above,
    acos,
    angle,
    asin,
    atan,
    ceil,
    cos,
    cosh,
    counted,
    cut,
    erf,
    exp,
    exp2,
    floor,
    least,
    log,
    log2,
    log10,
    most,
    nearest,
    power,
    rsqrt,
    sigmoid,
    sign,
    signed,
    sin,
    sinh,
    size,
    sqrt,
    tan,
    times,
    within,
)  # fmt: skip
from definitions.pointwise.define import (
    ANY,
    BEYOND_ONE,
    BITS,
    INSIDE,
    LN2,
    LN10,
    PAIRS,
    POSITIVE,
    POSITIVE_PAIRS,
    TRIPLES,
    TRUTHS,
    Definition,
    Formula,
    define,
    flat,
)


def _one(kind: str, function: Formula) -> Formula:
    return lambda *xs: counted(kind, function, *xs)


def _clamp(low: float | None, high: float | None) -> Definition:
    def y(x: Any) -> Any:
        x = x if low is None else most(x, low)
        return x if high is None else least(x, high)

    return define(ANY, y, {"min": low, "max": high}, x=lambda g, x: g if within(x, low, high) else 0.0)


def _addcmul(v: float) -> Definition:
    return define(
        TRIPLES,
        lambda x, p, q: x + times(v, p * q),
        {"value": v},
        x=lambda g: g,
        tensor1=lambda g, tensor2: times(v, g) * tensor2,
        tensor2=lambda g, tensor1: times(v, g) * tensor1,
    )  # fmt: skip


def _addcdiv(v: float) -> Definition:
    return define(
        TRIPLES,
        lambda x, p, q: x + times(v, p / q),
        {"value": v},
        x=lambda g: g,
        tensor1=lambda g, tensor2: times(v, g) / tensor2,
        tensor2=lambda g, tensor1, tensor2: -(times(v, g) / tensor2) * tensor1 / tensor2,
    )  # fmt: skip


FORMULAS: dict[str, Definition | list[Definition]] = {
    "neg": define(ANY, lambda x: 0 - x, x=lambda g: 0 - g),
    "abs": define(ANY, size, x=lambda g, x: g * sign(x)),
    "exp": define(ANY, exp, x=lambda g, y: g * y),
    "exp2": define(ANY, exp2, x=lambda g, y: g * y * LN2),
    "expm1": define(ANY, lambda x: exp(x) - 1, x=lambda g, y: g * (y + 1)),
    "log": define(POSITIVE, log, x=lambda g, x: g * (1 / x)),
    "log2": define(POSITIVE, log2, x=lambda g, x: g / (x * LN2)),
    "log10": define(POSITIVE, log10, x=lambda g, x: g / (x * LN10)),
    "log1p": define(INSIDE, lambda x: log(1 + x), x=lambda g, x: g / (1 + x)),
    "sqrt": define(POSITIVE, sqrt, x=lambda g, y: g * (0.5 / y)),
    "rsqrt": define(POSITIVE, rsqrt, x=lambda g, y: g * (-0.5 * y * y * y)),
    "square": define(ANY, lambda x: x * x, x=lambda g, x: g * (2 * x)),
    "reciprocal": define(ANY, lambda x: 1 / x, x=lambda g, y: g * -(y * y)),
    "erf": define(ANY, erf, x=lambda g, x: g * (2 / math.sqrt(math.pi) * exp(-(x * x)))),
    "sin": define(ANY, sin, x=lambda g, x: g * cos(x)),
    "cos": define(ANY, cos, x=lambda g, x: g * -sin(x)),
    "tan": define(ANY, tan, x=lambda g, y: g * (1 + y * y)),
    "asin": define(INSIDE, asin, x=lambda g, x: g * rsqrt(1 - x * x)),
    "acos": define(INSIDE, acos, x=lambda g, x: g * -rsqrt(1 - x * x)),
    "atan": define(ANY, atan, x=lambda g, x: g / (1 + x * x)),
    "sinh": define(ANY, sinh, x=lambda g, x: g * cosh(x)),
    "cosh": define(ANY, cosh, x=lambda g, x: g * sinh(x)),
    "asinh": define(POSITIVE, lambda x: log(x + sqrt(x * x + 1)), x=lambda g, x: g * rsqrt(x * x + 1)),
    "acosh": define(BEYOND_ONE, lambda x: log(x + sqrt(x * x - 1)), x=lambda g, x: g * rsqrt(x * x - 1)),
    "atanh": define(INSIDE, lambda x: log((1 + x) / (1 - x)) * 0.5, x=lambda g, x: g / (1 - x * x)),
    "floor": define(ANY, floor, x=flat),
    "ceil": define(ANY, ceil, x=flat),
    "round": define(ANY, nearest, x=flat),
    "trunc": define(ANY, cut, x=flat),
    "sign": define(ANY, sign, x=flat),
    "clamp": [_clamp(-0.5, 1.0), _clamp(None, 1.0), _clamp(-0.5, None)],
    "add": define(PAIRS, lambda x, o: x + o, x=lambda g: g, other=lambda g: g),
    "sub": define(PAIRS, lambda x, o: x - o, x=lambda g: g, other=lambda g: 0 - g),
    "mul": define(PAIRS, lambda x, o: x * o, x=lambda g, other: g * other, other=lambda g, x: g * x),
    "div": define(PAIRS, lambda x, o: x / o,
        x=lambda g, other: g / other, other=lambda g, x, other: -g * x / (other * other)),
    "pow": define(POSITIVE_PAIRS, power,
        x=lambda g, x, other: g * other * power(x, other - 1),
        other=lambda g, x, other: g * power(x, other) * log(x if above(x, 0) else 1)),
    "maximum": define(PAIRS, most,
        x=lambda g, x, other: 0.0 if above(other, x) else g, other=lambda g, x, other: g if above(other, x) else 0.0),
    "minimum": define(PAIRS, least,
        x=lambda g, x, other: 0.0 if above(x, other) else g, other=lambda g, x, other: g if above(x, other) else 0.0),
    "floor_divide": define(PAIRS, lambda x, o: floor(x / o), x=flat, other=flat),
    "remainder": define(PAIRS, lambda x, o: x - floor(x / o) * o,
        x=lambda g: g, other=lambda g, x, other: -g * floor(x / other)),
    "fmod": define(PAIRS, lambda x, o: x - cut(x / o) * o,
        x=lambda g: g, other=lambda g, x, other: -g * cut(x / other)),
    "atan2": define(PAIRS, angle,
        x=lambda g, x, other: g / (x * x + other * other) * other,
        other=lambda g, x, other: -g / (x * x + other * other) * x),
    "logaddexp": define(PAIRS, lambda x, o: most(x, o) + log(1 + exp(-size(x - o))),
        x=lambda g, x, other: g * sigmoid(x - other), other=lambda g, x, other: g * sigmoid(other - x)),
    "copysign": define(PAIRS, signed, x=lambda g, x, other: g * sign(x) * signed(1, other), other=flat),
    "lerp": [
        define(PAIRS, lambda x, end: x + 0.3 * (end - x), {"weight": 0.3},
            x=lambda g: g * (1 - 0.3), end=lambda g: g * 0.3),
        define(TRIPLES, lambda x, end, w: x + w * (end - x),
            x=lambda g, weight: g * (1 - weight), end=lambda g, weight: g * weight,
            weight=lambda g, x, end: g * (end - x)),
    ],
    "addcmul": [_addcmul(1.0), _addcmul(-0.5)],
    "addcdiv": [_addcdiv(1.0), _addcdiv(-0.5)],
    "add_scalar": define(ANY, lambda x: x + 1.5, {"value": 1.5}, x=lambda g: g),
    "mul_scalar": define(ANY, lambda x: x * 1.5, {"value": 1.5}, x=lambda g: g * 1.5),
    "div_scalar": define(ANY, lambda x: x / 1.5, {"value": 1.5}, x=lambda g: g * (1 / 1.5)),
    "rsub_scalar": define(ANY, lambda x: 1.5 - x, {"value": 1.5}, x=lambda g: 0 - g),
    "rdiv_scalar": define(ANY, lambda x: 1.5 / x, {"value": 1.5}, x=lambda g, x: g * (-1.5 / (x * x))),
    "pow_scalar": define(POSITIVE, lambda x: power(x, 1.5), {"exponent": 1.5}, x=lambda g, x: g * 1.5 * power(x, 0.5)),
    "eq": define(PAIRS, _one("compares", lambda a, b: a == b)),
    "ne": define(PAIRS, _one("compares", lambda a, b: a != b)),
    "lt": define(PAIRS, _one("compares", lambda a, b: a < b)),
    "le": define(PAIRS, _one("compares", lambda a, b: a <= b)),
    "gt": define(PAIRS, _one("compares", lambda a, b: a > b)),
    "ge": define(PAIRS, _one("compares", lambda a, b: a >= b)),
    "isnan": define(ANY, _one("compares", math.isnan)),
    "isinf": define(ANY, _one("compares", math.isinf)),
    "isfinite": define(ANY, _one("compares", math.isfinite)),
    "logical_and": define(TRUTHS, _one("logics", lambda a, b: a and b)),
    "logical_or": define(TRUTHS, _one("logics", lambda a, b: a or b)),
    "logical_xor": define(TRUTHS, _one("logics", lambda a, b: a != b)),
    "logical_not": define((True, False), _one("logics", lambda a: not a)),
    "bitwise_and": define(BITS, _one("logics", lambda a, b: a & b)),
    "bitwise_or": define(BITS, _one("logics", lambda a, b: a | b)),
    "bitwise_xor": define(BITS, _one("logics", lambda a, b: a ^ b)),
    "bitwise_not": define((6, 3), _one("logics", lambda a: ~a)),
    "bitwise_left_shift": define(BITS, _one("logics", lambda a, b: a << b)),
    "bitwise_right_shift": define(BITS, _one("logics", lambda a, b: a >> b)),
    "where": define(((True, 0.3, 0.7), (False, 0.3, 0.7)), _one("logics", lambda c, a, b: a if c else b),
        x=_one("logics", lambda g, condition: g if condition else 0.0),
        other=_one("logics", lambda g, condition: 0.0 if condition else g)),
    "masked_fill": define(((0.3, True), (0.3, False)), _one("logics", lambda a, m: 9.0 if m else a), {"value": 9.0},
        x=_one("logics", lambda g, mask: 0.0 if mask else g)),
    **ACTIVATIONS,
}  # fmt: skip

APART = {
    "bitcast": "the same bits", "cast": "the same values", "cast_float8": "the same values, rounded as they are stored",
    "complex": "two parts side by side", "view_as_complex": "a view", "view_as_real": "a view",
    "conj": "a sign, which is free", "glu": "two elements make one: test_functions.py",
}  # fmt: skip
"""Operators on each element that have no formula here, and why."""
