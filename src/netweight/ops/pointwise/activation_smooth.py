"""Smooth activation functions: one tensor in, the same shape out.

The work per element is that of the formula in the docstring of each forward and backward, with constants folded and
signs free.

Source: torch.nn.functional; GELU, Hendrycks & Gimpel 2016; SiLU (swish), Ramachandran et al. 2017; Mish, Misra 2019.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.arrays.elementwise import per_element, per_element_backward, register_unary
from netweight.ops.arrays.safe import erf, sigmoid
from netweight.ops.reach import same_position
from netweight.ops.table import Array, Cost, OpDef, Wanted, register

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


def log1p_exp(x: Array) -> Array:
    """log(1 + exp(x)), with an exponential of negative numbers only: nothing overflows."""
    y: Array = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
    return y


def sigmoid_forward(_attrs: None, x: Array) -> Array:
    """1 / (1 + exp(-x))."""
    return sigmoid(x)


def sigmoid_backward(_attrs: None, grad_y: Array, _x: Array, *, y: Array) -> tuple[Array]:
    """y * (1 - y)."""
    return (grad_y * y * (1 - y),)


def tanh_forward(_attrs: None, x: Array) -> Array:
    """tanh(x)."""
    y: Array = np.tanh(x)
    return y


def tanh_backward(_attrs: None, grad_y: Array, _x: Array, *, y: Array) -> tuple[Array]:
    """1 - y²."""
    return (grad_y * (1 - y * y),)


def silu_forward(_attrs: None, x: Array) -> Array:
    """x * sigmoid(x) = x / (1 + exp(-x))."""
    return x * sigmoid(x)


def silu_backward(_attrs: None, grad_y: Array, x: Array) -> tuple[Array]:
    """s * (1 + x * (1 - s)) with s = sigmoid(x)."""
    s = sigmoid(x)
    return (grad_y * s * (1 + x * (1 - s)),)


def gelu_shape(attrs: GeluAttrs, x: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    if attrs.approximate not in ("none", "tanh"):
        raise ShapeError(f"gelu: expected approximate 'none' or 'tanh', got {attrs.approximate!r}")
    return x


def gelu_cost(attrs: GeluAttrs, x: TensorSpec) -> Cost:
    """Three multiplications, one add, one error function; the approximation five, two and a hyperbolic tangent."""
    if attrs.approximate == "tanh":
        return per_element(muls=5, adds=2, tanhs=1)(attrs, x)
    return per_element(muls=3, adds=1, erfs=1)(attrs, x)


def gelu_forward(attrs: GeluAttrs, x: Array) -> Array:
    """x / 2 * (1 + erf(x / sqrt(2))), or x / 2 * (1 + tanh(x * sqrt(2 / pi) * (1 + 0.044715 * x²)))."""
    return 0.5 * x * (1 + _gelu_gate(attrs, x))


def gelu_backward(attrs: GeluAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """(1 + gate) / 2 + x / 2 * the derivative of the gate."""
    gate = _gelu_gate(attrs, x)
    if attrs.approximate == "tanh":
        slope = (1 - gate * gate) * _SQRT_2_OVER_PI * (1 + 3 * _CUBIC * x * x)
    else:
        slope = _SQRT_2_OVER_PI * np.exp(-0.5 * x * x)
    return (grad_y * 0.5 * (1 + gate + x * slope),)


def gelu_backward_cost(attrs: GeluAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """The gate again, its derivative, and their sum times the gradient; x² is taken once."""
    if attrs.approximate == "tanh":
        return per_element_backward(muls=9, adds=5, tanhs=1)(attrs, wanted, x)
    return per_element_backward(muls=7, adds=2, exps=1, erfs=1)(attrs, wanted, x)


def softplus_shape(attrs: SoftplusAttrs, x: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    if attrs.beta == 0:
        raise ShapeError(f"softplus: expected a beta other than 0, got {attrs.beta}")
    return x


def softplus_forward(attrs: SoftplusAttrs, x: Array) -> Array:
    """x if beta * x > threshold else log(1 + exp(beta * x)) / beta."""
    scaled = attrs.beta * x
    y: Array = np.where(scaled > attrs.threshold, x, log1p_exp(scaled) / attrs.beta)
    return y


def softplus_backward(attrs: SoftplusAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """1 above the threshold, else sigmoid(beta * x)."""
    scaled = attrs.beta * x
    return (np.where(scaled > attrs.threshold, grad_y, grad_y * sigmoid(scaled)),)


def mish_forward(_attrs: None, x: Array) -> Array:
    """x * tanh(log(1 + exp(x)))."""
    y: Array = x * np.tanh(log1p_exp(x))
    return y


def mish_backward(_attrs: None, grad_y: Array, x: Array) -> tuple[Array]:
    """t + x * (1 - t²) * sigmoid(x) with t = tanh(log(1 + exp(x)))."""
    t = np.tanh(log1p_exp(x))
    return (grad_y * (t + x * (1 - t * t) * sigmoid(x)),)


def _gelu_gate(attrs: GeluAttrs, x: Array) -> Array:
    """Twice the share of ``x`` that passes, less one: an odd function from -1 to 1."""
    if attrs.approximate == "tanh":
        gate: Array = np.tanh(_SQRT_2_OVER_PI * x * (1 + _CUBIC * x * x))
        return gate
    return erf(_SQRT_HALF * x)


SIGMOID = register_unary(
    "sigmoid",
    kind="activation",
    each={"exps": 1, "adds": 1, "divs": 1},
    forward=sigmoid_forward,
    backward=sigmoid_backward,
    backward_cost=per_element_backward(muls=2, adds=1),
    saves=("y",),
)
TANH = register_unary(
    "tanh",
    kind="activation",
    each={"tanhs": 1},
    forward=tanh_forward,
    backward=tanh_backward,
    backward_cost=per_element_backward(muls=2, adds=1),
    saves=("y",),
)
SILU = register_unary(
    "silu",
    kind="activation",
    each={"exps": 1, "adds": 1, "divs": 1},
    forward=silu_forward,
    backward=silu_backward,
    backward_cost=per_element_backward(exps=1, adds=3, divs=1, muls=3),
    saves=("x",),
)
GELU = register(
    OpDef(
        name="gelu",
        kind="activation",
        attrs=GeluAttrs,
        inputs=("x",),
        shape=gelu_shape,
        cost=gelu_cost,
        forward=gelu_forward,
        backward=gelu_backward,
        backward_cost=gelu_backward_cost,
        saves=("x",),
        reach=same_position,
    )
)
SOFTPLUS = register_unary(
    "softplus",
    kind="activation",
    attrs=SoftplusAttrs,
    shape=softplus_shape,
    each={"muls": 1, "compares": 1, "exps": 1, "adds": 1, "logs": 1, "divs": 1},
    forward=softplus_forward,
    backward=softplus_backward,
    backward_cost=per_element_backward(compares=1, exps=1, adds=1, divs=1, muls=2),
    saves=("x",),
)
MISH = register_unary(
    "mish",
    kind="activation",
    each={"exps": 1, "adds": 1, "logs": 1, "tanhs": 1, "muls": 1},
    forward=mish_forward,
    backward=mish_backward,
    backward_cost=per_element_backward(exps=2, adds=4, logs=1, tanhs=1, divs=1, muls=4),
    saves=("x",),
)
