"""Other element types: by value, or by bits."""

from __future__ import annotations

from typing import Any

from netweight.ops.pointwise.float8 import CastFloat8Attrs
from netweight.ops.pointwise.unary import CastAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.lower.common import cast_to
from netweight.sources.onnx.numbers import dtype_of
from netweight.sources.onnx.tensor import Tensor

_SATURATING = ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz")
_EXPONENT = "float8_e8m0fnu"
_TEXT = "string"


@lowers("Cast")
def cast(call: Call, x: Tensor) -> Any:
    return converted(call, x, dtype_of(call.need("to"), call.node.name))


@lowers("CastLike")
def cast_like(call: Call, x: Tensor, like: Tensor) -> Any:
    return converted(call, x, like.dtype)


def converted(call: Call, x: Tensor, dtype: str) -> Any:
    """With another element type; what is too large for one of eight bits becomes its largest, if so asked."""
    if _TEXT in (x.dtype, dtype):
        return NotImplemented
    saturate = bool(call.attr("saturate", 1))
    if x.dtype == dtype:
        return x
    if dtype == _EXPONENT:
        attrs = CastFloat8Attrs(dtype=dtype, saturate=saturate, rounding=call.attr("round_mode", "up"))
        return call.op("cast_float8", attrs, x)
    if dtype in _SATURATING and saturate:
        return call.op("cast_float8", CastFloat8Attrs(dtype=dtype), x)
    return cast_to(call, x, dtype)


@lowers("BitCast")
def bit_cast(call: Call, x: Tensor) -> Any:
    return call.op("bitcast", CastAttrs(dtype=dtype_of(call.need("to"), call.node.name)), x)
