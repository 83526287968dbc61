"""Smooth activation functions.

Source: torch.nn.functional; GELU, Hendrycks & Gimpel 2016; SiLU (swish), Ramachandran et al. 2017; Mish, Misra 2019.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.safe import erf, log1p_exp, sigmoid
from netweight.ops.pointwise.combinator import pointwise
from netweight.ops.table import Spelled

_SQRT_HALF = math.sqrt(0.5)
_SQRT_2_OVER_PI = math.sqrt(2 / math.pi)
_CUBIC = 0.044715


@dataclass(frozen=True, slots=True, kw_only=True)
class GeluAttrs:
    """Attributes of the Gaussian error linear unit.

    Attributes:
        approximate: ``"none"`` for the error function, ``"tanh"`` for the formula with a hyperbolic tangent.
    """

    approximate: Literal["none", "tanh"] = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftplusAttrs:
    """Attributes of softplus.

    Attributes:
        beta: Sharpness.
        threshold: Above it, beta * x counts as large and y = x.
    """

    beta: float = 1.0
    threshold: float = 20.0


SIGMOID = pointwise(
    "sigmoid", lambda x: sigmoid(x), {"exps": 1, "adds": 1, "divs": 1}, kind="activation",
    x=(lambda grad, y: grad * y * (1 - y), {"muls": 2, "adds": 1}),
    says="1 / (1 + exp(-x)).", spelled=Spelled("sigmoid special_expit", "Sigmoid", floating=True),
)  # fmt: skip
TANH = pointwise(
    "tanh", lambda x: np.tanh(x), {"tanhs": 1}, kind="activation",
    x=(lambda grad, y: grad * (1 - y * y), {"muls": 2, "adds": 1}),
    says="Hyperbolic tangent.", spelled=Spelled("tanh", "Tanh", floating=True),
)  # fmt: skip
TANHSHRINK = pointwise(
    "tanhshrink", lambda x: x - np.tanh(x), {"tanhs": 1, "adds": 1}, kind="activation",
    x=(lambda grad, x: grad * np.square(np.tanh(x)), {"tanhs": 1, "muls": 2}),
    says="x - tanh(x).",
)  # fmt: skip
SOFTSIGN = pointwise(
    "softsign", lambda x: x / (1 + np.abs(x)), {"compares": 1, "adds": 1, "divs": 1}, kind="activation",
    x=(lambda grad, x: grad / np.square(1 + np.abs(x)), {"compares": 1, "adds": 1, "muls": 1, "divs": 1}),
    says="x / (1 + abs(x)).", spelled=Spelled(onnx="Softsign"),
)  # fmt: skip


def _silu_slope(grad: Array, x: Array) -> Array:
    """s * (1 + x * (1 - s)) with s = sigmoid(x)."""
    s = sigmoid(x)
    return grad * s * (1 + x * (1 - s))


SILU = pointwise(
    "silu", lambda x: x * sigmoid(x), {"exps": 1, "adds": 1, "divs": 1}, kind="activation",
    x=(_silu_slope, {"exps": 1, "adds": 3, "divs": 1, "muls": 3}),
    says="x * sigmoid(x), also called swish.", spelled=Spelled("silu"),
)  # fmt: skip


def _mish_slope(grad: Array, x: Array) -> Array:
    """t + x * (1 - t²) * sigmoid(x) with t = tanh(log(1 + exp(x)))."""
    t = np.tanh(log1p_exp(x))
    return grad * (t + x * (1 - t * t) * sigmoid(x))


MISH = pointwise(
    "mish", lambda x: x * np.tanh(log1p_exp(x)), {"exps": 1, "adds": 1, "logs": 1, "tanhs": 1, "muls": 1},
    kind="activation", x=(_mish_slope, {"exps": 2, "adds": 4, "logs": 1, "tanhs": 1, "divs": 1, "muls": 4}),
    says="x * tanh(softplus(x)).", spelled=Spelled("mish", "Mish"),
)  # fmt: skip
LOG_SIGMOID = pointwise(
    "log_sigmoid", lambda x: np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x))),
    {"compares": 2, "exps": 1, "logs": 1, "adds": 2}, kind="activation",
    x=(lambda grad, x: grad * sigmoid(-x), {"exps": 1, "adds": 1, "divs": 1, "muls": 1}),
)  # fmt: skip


def _has_sharpness(attrs: SoftplusAttrs, _x: TensorSpec) -> None:
    if attrs.beta == 0:
        raise ShapeError(f"softplus: expected a beta other than 0, got {attrs.beta}")


def _softplus(attrs: SoftplusAttrs, x: Array) -> Array:
    """x if beta * x > threshold else log(1 + exp(beta * x)) / beta."""
    scaled = attrs.beta * x
    y: Array = np.where(scaled > attrs.threshold, x, log1p_exp(scaled) / attrs.beta)
    return y


def _softplus_slope(grad: Array, attrs: SoftplusAttrs, x: Array) -> Array:
    """1 above the threshold, else sigmoid(beta * x)."""
    scaled = attrs.beta * x
    return np.where(scaled > attrs.threshold, grad, grad * sigmoid(scaled))


SOFTPLUS = pointwise(
    "softplus", _softplus, {"muls": 1, "compares": 1, "exps": 1, "adds": 1, "logs": 1, "divs": 1}, kind="activation",
    attrs=SoftplusAttrs, check=_has_sharpness,
    x=(_softplus_slope, {"compares": 1, "exps": 1, "adds": 1, "divs": 1, "muls": 2}),
    says="log(1 + exp(beta * x)) / beta, and x itself where beta * x is above the threshold.",
    spelled=Spelled("softplus"),
)  # fmt: skip


def _is_gelu(attrs: GeluAttrs, _x: TensorSpec) -> None:
    if attrs.approximate not in ("none", "tanh"):
        raise ShapeError(f"gelu: expected approximate 'none' or 'tanh', got {attrs.approximate!r}")


def _gelu_work(attrs: GeluAttrs, _x: TensorSpec) -> Mapping[str, int]:
    """Three multiplications, one add, one error function; the approximation five, two and a hyperbolic tangent."""
    if attrs.approximate == "tanh":
        return {"muls": 5, "adds": 2, "tanhs": 1}
    return {"muls": 3, "adds": 1, "erfs": 1}


def _gelu_gate(attrs: GeluAttrs, x: Array) -> Array:
    """Twice the share of ``x`` that passes, less one: an odd function from -1 to 1."""
    if attrs.approximate == "tanh":
        gate: Array = np.tanh(_SQRT_2_OVER_PI * x * (1 + _CUBIC * x * x))
        return gate
    return erf(_SQRT_HALF * x)


def _gelu_slope(grad: Array, attrs: GeluAttrs, x: Array) -> Array:
    """(1 + gate) / 2 + x / 2 * the derivative of the gate."""
    gate = _gelu_gate(attrs, x)
    if attrs.approximate == "tanh":
        slope = (1 - gate * gate) * _SQRT_2_OVER_PI * (1 + 3 * _CUBIC * x * x)
    else:
        slope = _SQRT_2_OVER_PI * np.exp(-0.5 * x * x)
    return grad * 0.5 * (1 + gate + x * slope)


def _gelu_slope_work(attrs: GeluAttrs, _x: TensorSpec) -> Mapping[str, int]:
    """The gate again, its derivative, and their sum times the gradient; x² is taken once."""
    if attrs.approximate == "tanh":
        return {"muls": 9, "adds": 5, "tanhs": 1}
    return {"muls": 7, "adds": 2, "exps": 1, "erfs": 1}


GELU = pointwise(
    "gelu", lambda attrs, x: 0.5 * x * (1 + _gelu_gate(attrs, x)), _gelu_work, kind="activation",
    attrs=GeluAttrs, check=_is_gelu, x=(_gelu_slope, _gelu_slope_work),
    says="x times the Gaussian distribution function of x.", spelled=Spelled("gelu", "Gelu"),
)  # fmt: skip
