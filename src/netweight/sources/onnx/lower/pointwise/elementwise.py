"""Operators on each element of one tensor, or of several that broadcast."""

from __future__ import annotations

from typing import Any

from netweight.lazy import np
from netweight.ops.arrays.dtypes import held_type
from netweight.ops.pointwise.scalar import PowScalarAttrs, ScalarAttrs
from netweight.ops.pointwise.unary import ClampAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.lower.common import cast_to
from netweight.sources.onnx.tensor import Tensor

_OF_ONE = {
    "Abs": "abs", "Neg": "neg", "Floor": "floor", "Ceil": "ceil", "Round": "round", "Sign": "sign", "IsNaN": "isnan",
    "BitwiseNot": "bitwise_not",
}  # fmt: skip
_CHAINED = {"Sum": "add", "Mean": "add", "Max": "maximum", "Min": "minimum"}
_RELU6 = (0.0, 6.0)
_NO_BOUND = 3.4e38


def _of_one(onnx_name: str, name: str) -> None:
    @lowers(onnx_name)
    def rule(call: Call, x: Tensor) -> Any:
        return call.op(name, None, x)


for _onnx_name, _name in _OF_ONE.items():
    _of_one(_onnx_name, _name)


@lowers("Div")
def div(call: Call, x: Tensor, other: Tensor) -> Any:
    return call.op("div", None, x, other)


@lowers("Where")
def where(call: Call, condition: Tensor, x: Tensor, other: Tensor) -> Any:
    return call.op("where", None, condition, x, other)


def _chained(onnx_name: str, name: str) -> None:
    @lowers(onnx_name)
    def rule(call: Call, first: Tensor, *others: Tensor) -> Any:
        """Two at a time; the work is one less than there are tensors, per element."""
        result = first
        for other in others:
            result = call.op(name, None, result, other)
        if onnx_name == "Mean" and others:
            return call.op("div_scalar", ScalarAttrs(value=float(1 + len(others))), result)
        return result


for _onnx_name, _name in _CHAINED.items():
    _chained(_onnx_name, _name)


@lowers("Mod")
def mod(call: Call, x: Tensor, other: Tensor) -> Any:
    """With the sign of the divisor, or of the dividend as in C."""
    return call.op("fmod" if call.attr("fmod", 0) else "remainder", None, x, other)


@lowers("BitShift")
def bit_shift(call: Call, x: Tensor, by: Tensor) -> Any:
    return call.op("bitwise_left_shift" if call.need("direction") == "LEFT" else "bitwise_right_shift", None, x, by)


@lowers("Pow")
def pow_(call: Call, x: Tensor, exponent: Tensor) -> Any:
    """The result has the type of the base; a constant exponent is an attribute, as PyTorch captures it."""
    if x.floating and exponent.fixed and exponent.known and exponent.shape in ((), (1,)) and exponent.rank <= x.rank:
        return call.op("pow_scalar", PowScalarAttrs(exponent=float(exponent.item())), x)
    return cast_to(call, call.op("pow", None, x, exponent), x.dtype)


@lowers("Clip")
def clip(call: Call, x: Tensor, low: Tensor | None = None, high: Tensor | None = None) -> Any:
    """Constant bounds are attributes, as until opset 10 they were in ONNX."""
    if all(bound is None or (bound.fixed and bound.known) for bound in (low, high)):
        least = _bound(call, "min") if low is None else low.item()
        most = _bound(call, "max") if high is None else high.item()
        return _between(call, x, least, most)
    if low is not None:
        x = call.op("maximum", None, x, low)
    return x if high is None else call.op("minimum", None, x, high)


def _bound(call: Call, name: str) -> float | None:
    """The largest number of single precision stood for no bound."""
    bound = call.attr(name)
    return None if bound is None or abs(bound) >= _NO_BOUND else bound


def _between(call: Call, x: Tensor, low: Any, high: Any) -> Any:
    if (low, high) == _RELU6 and x.floating:
        return call.op("relu6", None, x)
    return x if low is None and high is None else call.op("clamp", ClampAttrs(min=low, max=high), x)


@lowers("IsInf")
def is_inf(call: Call, x: Tensor) -> Any:
    """Either infinity, or one of them."""
    signs = call.attr("detect_negative", 1), call.attr("detect_positive", 1)
    if all(signs):
        return call.op("isinf", None, x)
    if not any(signs):
        return call.made(x.shape, "bool", lambda: np.zeros(x.shape, bool))
    infinity = np.asarray(-np.inf if signs[0] else np.inf, held_type(x.dtype))
    return call.op("eq", None, x, call.constant(infinity, x.dtype))
