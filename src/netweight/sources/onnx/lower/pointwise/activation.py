"""Activation functions."""

from __future__ import annotations

from typing import Any

from netweight.functions import plain
from netweight.ops.pointwise.scalar import ScalarAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.lower.common import reshaped
from netweight.sources.onnx.tensor import Tensor

_SELU = (1.6732632423543772, 1.0507009873554805)
_BROADCASTING = 7
_ROUNDING = 1e-6
"""Attributes are stored in single precision."""


@lowers("Celu")
def celu(call: Call, x: Tensor) -> Any:
    return plain.celu(call, x, call.attr("alpha", 1.0))


@lowers("Selu")
def selu(call: Call, x: Tensor) -> Any:
    """The constants of Klambauer et al., or others: then an ELU and its multiple."""
    alpha, gamma = call.attr("alpha", _SELU[0]), call.attr("gamma", _SELU[1])
    if _is_close(alpha, _SELU[0]) and _is_close(gamma, _SELU[1]):
        return call.op("selu", None, x)
    return call.op("mul_scalar", ScalarAttrs(value=gamma), plain.elu(call, x, alpha))


@lowers("LeakyRelu")
def leaky_relu(call: Call, x: Tensor) -> Any:
    slope = call.attr("alpha", 0.01)
    if slope >= 0:
        return plain.leaky_relu(call, x, slope)
    return _with_slope(call, x, call.op("mul_scalar", ScalarAttrs(value=slope), x))


@lowers("PRelu")
def prelu(call: Call, x: Tensor, slope: Tensor) -> Any:
    """One slope, or one per channel; a slope for each element of a sample is a choice between two tensors.

    Until opset 6 a list of slopes was one per channel.
    """
    channels = x.shape[1] if x.rank > 1 else 1
    aligned = (1,) * (x.rank - slope.rank) + slope.shape
    listed = call.opset < _BROADCASTING and slope.shape == (channels,)
    if listed or slope.spec.numel == 1 or aligned == (1, channels, *(1,) * (x.rank - 2)):
        return call.op("prelu", None, x, reshaped(call, slope, (slope.spec.numel,)))
    return _with_slope(call, x, call.op("mul", None, x, slope))


def _with_slope(call: Call, x: Tensor, sloped: Tensor) -> Any:
    positive = call.op("gt", None, x, call.like(0, x))
    return call.op("where", None, positive, x, sloped)


@lowers("ThresholdedRelu")
def thresholded_relu(call: Call, x: Tensor) -> Any:
    return plain.threshold(call, x, call.attr("alpha", 1.0), 0.0)


@lowers("HardSigmoid")
def hard_sigmoid(call: Call, x: Tensor) -> Any:
    """PyTorch's has a slope of 1 / 6; ONNX's own is 0.2."""
    alpha, beta = call.attr("alpha", 0.2), call.attr("beta", 0.5)
    slope = 1 / 6 if _is_close(alpha, 1 / 6) else alpha
    return plain.hardsigmoid(call, x, slope, beta)


@lowers("Swish")
def swish(call: Call, x: Tensor) -> Any:
    """x * sigmoid(alpha * x)."""
    alpha = call.attr("alpha", 1.0)
    if alpha == 1.0:
        return call.op("silu", None, x)
    return call.op("mul", None, x, call.op("sigmoid", None, call.op("mul_scalar", ScalarAttrs(value=alpha), x)))


@lowers("Softplus")
def softplus(call: Call, x: Tensor) -> Any:
    return plain.softplus(call, x)


@lowers("Shrink")
def shrink(call: Call, x: Tensor) -> Any:
    """x + bias below -lambd, x - bias above lambd, 0 between."""
    lambd, bias = call.attr("lambd", 0.5), call.attr("bias", 0.0)
    if bias in (0.0, lambd) and lambd >= 0:
        return (plain.hardshrink if bias == 0.0 else plain.softshrink)(call, x, lambd)
    zero = call.like(0, x)
    above = call.op("add_scalar", ScalarAttrs(value=-bias), x)
    right = call.op("where", None, call.op("gt", None, x, call.like(lambd, x)), above, zero)
    below = call.op("add_scalar", ScalarAttrs(value=bias), x)
    return call.op("where", None, call.op("lt", None, x, call.like(-lambd, x)), below, right)


def _is_close(number: float, wanted: float) -> bool:
    return abs(number - wanted) < _ROUNDING
