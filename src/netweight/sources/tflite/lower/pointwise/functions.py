"""Functions of one element: activations, and others that have a name."""

from __future__ import annotations

from typing import Any

from netweight.functions.reduce import vector_norm
from netweight.ops.move.slicing import SliceAttrs
from netweight.ops.pointwise.activation import EluAttrs, LeakyReluAttrs
from netweight.ops.pointwise.activation_smooth import GeluAttrs
from netweight.ops.pointwise.unary import CastAttrs, ClampAttrs
from netweight.sources.onnx.lower.common import expanded, reshaped
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers
from netweight.sources.tflite.lower.layout import flat, from_first, to_first
from netweight.sources.tflite.lower.pointwise.aligned import aligned
from netweight.sources.tflite.lower.scales import bounded, in_reals, is_quantized, real, rescaled

_PLAIN = {
    "ABS": "abs", "CEIL": "ceil", "COS": "cos", "EXP": "exp", "FLOOR": "floor", "HARD_SWISH": "hardswish",
    "LOG": "log", "LOGISTIC": "sigmoid", "NEG": "neg", "ROUND": "round", "RSQRT": "rsqrt", "SIGN": "sign", "SIN": "sin",
    "SQRT": "sqrt", "SQUARE": "square", "TANH": "tanh", "LOGICAL_NOT": "logical_not",
    "STABLEHLO_LOGISTIC": "sigmoid", "STABLEHLO_ABS": "abs", "STABLEHLO_COSINE": "cos", "STABLEHLO_EXPONENTIAL": "exp",
    "STABLEHLO_FLOOR": "floor", "STABLEHLO_LOG": "log", "STABLEHLO_NEGATE": "neg", "STABLEHLO_RSQRT": "rsqrt",
    "STABLEHLO_TANH": "tanh",
}  # fmt: skip


def _plain(name: str, op: str) -> None:
    @lowers(name)
    def rule(call: TfliteCall, x: Tensor) -> Any:
        return aligned(call, lambda part: in_reals(call, lambda p: call.op(op, None, p), part), x)


for _name, _op in _PLAIN.items():
    _plain(_name, _op)


def _bounding(name: str, op: str, low: float, high: float | None) -> None:
    @lowers(name)
    def rule(call: TfliteCall, x: Tensor) -> Any:
        """Of integers the bounds of real numbers, at the scale of the result."""

        def compute(part: Tensor) -> Tensor:
            if is_quantized(call.ins[0]):
                return bounded(call, rescaled(call, part, 0), low, high)
            attrs = ClampAttrs(min=low, max=high) if op == "clamp" else None
            result: Tensor = call.op(op, attrs, part)
            return result

        return aligned(call, compute, x)


_bounding("RELU", "relu", 0.0, None)
_bounding("RELU6", "relu6", 0.0, 6.0)
_bounding("RELU_N1_TO_1", "clamp", -1.0, 1.0)
_bounding("RELU_0_TO_1", "clamp", 0.0, 1.0)


def _set(name: str, op: str, attrs: Any) -> None:
    @lowers(name)
    def rule(call: TfliteCall, x: Tensor) -> Any:
        return aligned(call, lambda part: in_reals(call, lambda p: call.op(op, attrs(call), p), part), x)


_set("ELU", "elu", lambda _call: EluAttrs())
_set("LEAKY_RELU", "leaky_relu", lambda call: LeakyReluAttrs(negative_slope=call.option("alpha", 0.0)))
_set("GELU", "gelu", lambda call: GeluAttrs(approximate="tanh" if call.option("approximate") else "none"))


@lowers("PRELU")
def prelu(call: TfliteCall, x: Tensor, slope: Tensor) -> Any:
    """A slope for each channel is that of a layer; any other one is put together from its parts."""
    channels = x.shape[-1] if x.rank else 1
    if x.rank > 1 and slope.spec.numel == channels and slope.fixed:
        inside = to_first(call, real(call, x, 0))
        slopes = real(call, slope, 1)
        y = call.op("prelu", None, inside, flat(call, slopes, (channels,)))
        return in_reals(call, lambda: from_first(call, y))
    return in_reals(call, lambda p, q: _bent(call, p, q), x, slope)


def _bent(call: TfliteCall, x: Tensor, slope: Tensor) -> Tensor:
    below = call.op("clamp", ClampAttrs(max=0.0), x)
    result: Tensor = call.op("add", None, call.op("relu", None, x), call.op("mul", None, slope, below))
    return result


@lowers("CAST")
def cast(call: TfliteCall, x: Tensor) -> Any:
    if x.dtype == call.out.dtype:
        return x
    return aligned(call, lambda part: call.op("cast", CastAttrs(dtype=call.out.dtype), part), x)


@lowers("STABLEHLO_CONVERT")
def convert(call: TfliteCall, x: Tensor) -> Any:
    return cast(call, x)


@lowers("STABLEHLO_CBRT")
def cube_root(call: TfliteCall, x: Tensor) -> Any:
    """sign(x) * |x|^(1/3)."""
    root = call.op("pow", None, call.op("abs", None, x), call.like(1 / 3, x))
    return call.op("mul", None, call.op("sign", None, x), root)


@lowers("STABLEHLO_CLAMP")
def clamp(call: TfliteCall, low: Tensor, x: Tensor, high: Tensor) -> Any:
    return call.op("minimum", None, call.op("maximum", None, x, low), high)


@lowers("COMPLEX_ABS")
def complex_abs(call: TfliteCall, x: Tensor) -> Any:
    """The root of the sum of the squares of both parts."""
    return vector_norm(call, call.op("view_as_real", None, x), dim=x.rank)


def _part(name: str, at: int) -> None:
    @lowers(name)
    def rule(call: TfliteCall, x: Tensor) -> Any:
        """One of the two numbers that a complex one is made of."""
        pairs = call.op("view_as_real", None, x)
        return reshaped(call, call.op("slice", SliceAttrs(dim=x.rank, start=at, stop=at + 1), pairs), x.shape)


_part("REAL", 0)
_part("IMAG", 1)


@lowers("BROADCAST_TO")
def broadcast_to(call: TfliteCall, x: Tensor, shape: Tensor) -> Any:
    """``x`` stretched to sizes."""
    return expanded(call, x, shape.ints())


@lowers("BITCAST")
def bitcast(call: TfliteCall, x: Tensor) -> Any:
    """The same bits as numbers of another type of that width."""
    from netweight.ir import bits_of

    if bits_of(x.dtype) != bits_of(call.out.dtype):
        return NotImplemented
    return call.op("bitcast", CastAttrs(dtype=call.out.dtype), x)
