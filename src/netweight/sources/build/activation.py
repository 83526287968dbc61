"""Activation functions.

``inplace`` lets the output take the memory of ``x``; while training, only where the gradient does not need ``x``.
"""

from __future__ import annotations

from typing import Literal

from netweight.ir import Init
from netweight.ops.pointwise.activation import EluAttrs, HardsigmoidAttrs, LeakyReluAttrs
from netweight.ops.pointwise.activation_smooth import GeluAttrs, SoftplusAttrs
from netweight.ops.table import REGISTRY
from netweight.sources.build.core import Symbol, call


def relu(x: Symbol, *, inplace: bool = False, name: str = "relu") -> Symbol:
    """max(x, 0)."""
    return activate("relu", None, x, inplace=inplace, name=name)


def relu6(x: Symbol, *, inplace: bool = False, name: str = "relu6") -> Symbol:
    """min(max(x, 0), 6)."""
    return activate("relu6", None, x, inplace=inplace, name=name)


def leaky_relu(x: Symbol, negative_slope: float = 0.01, *, inplace: bool = False, name: str = "leaky_relu") -> Symbol:
    """x, or negative_slope * x where x is negative."""
    return activate("leaky_relu", LeakyReluAttrs(negative_slope=negative_slope), x, inplace=inplace, name=name)


def prelu(
    x: Symbol, num_parameters: int = 1, *, init: float = 0.25, inplace: bool = False, name: str = "prelu"
) -> Symbol:
    """As leaky ReLU with learned slopes: one, or one per channel."""
    builder = x.builder
    layer = builder.layer_name(name)
    start = Init(kind="values", values=(init,) * num_parameters)
    weight = builder.state(layer, "weight", (num_parameters,), start)
    return builder.call("prelu", None, (x, weight), layer=layer, inplace=inplace and not builder.training)[0]


def elu(x: Symbol, alpha: float = 1.0, *, inplace: bool = False, name: str = "elu") -> Symbol:
    """x, or alpha * (exp(x) - 1) where x is negative."""
    return activate("elu", EluAttrs(alpha=alpha), x, inplace=inplace, name=name)


def selu(x: Symbol, *, inplace: bool = False, name: str = "selu") -> Symbol:
    """ELU scaled so that unit variance stays unit variance."""
    return activate("selu", None, x, inplace=inplace, name=name)


def gelu(
    x: Symbol, *, approximate: Literal["none", "tanh"] = "none", inplace: bool = False, name: str = "gelu"
) -> Symbol:
    """x times the Gaussian distribution function of x."""
    return activate("gelu", GeluAttrs(approximate=approximate), x, inplace=inplace, name=name)


def silu(x: Symbol, *, inplace: bool = False, name: str = "silu") -> Symbol:
    """x * sigmoid(x), also called swish."""
    return activate("silu", None, x, inplace=inplace, name=name)


def hardswish(x: Symbol, *, inplace: bool = False, name: str = "hardswish") -> Symbol:
    """x * relu6(x + 3) / 6."""
    return activate("hardswish", None, x, inplace=inplace, name=name)


def hardsigmoid(x: Symbol, *, inplace: bool = False, name: str = "hardsigmoid") -> Symbol:
    """relu6(x + 3) / 6."""
    return activate("hardsigmoid", HardsigmoidAttrs(), x, inplace=inplace, name=name)


def sigmoid(x: Symbol, *, inplace: bool = False, name: str = "sigmoid") -> Symbol:
    """1 / (1 + exp(-x))."""
    return activate("sigmoid", None, x, inplace=inplace, name=name)


def tanh(x: Symbol, *, inplace: bool = False, name: str = "tanh") -> Symbol:
    """Hyperbolic tangent."""
    return activate("tanh", None, x, inplace=inplace, name=name)


def softplus(
    x: Symbol, beta: float = 1.0, threshold: float = 20.0, *, inplace: bool = False, name: str = "softplus"
) -> Symbol:
    """log(1 + exp(beta * x)) / beta, and x itself where beta * x is above the threshold."""
    attrs = SoftplusAttrs(beta=beta, threshold=threshold)
    return activate("softplus", attrs, x, inplace=inplace, name=name)


def mish(x: Symbol, *, inplace: bool = False, name: str = "mish") -> Symbol:
    """x * tanh(softplus(x))."""
    return activate("mish", None, x, inplace=inplace, name=name)


def activate(op: str, attrs: object, x: Symbol, *, inplace: bool, name: str) -> Symbol:
    """An operator that may write over ``x``, unless training needs ``x`` for the gradient."""
    needs_x = x.builder.training and "x" in REGISTRY[op].saves
    return call(op, attrs, x, name=name, inplace=inplace and not needs_x)
