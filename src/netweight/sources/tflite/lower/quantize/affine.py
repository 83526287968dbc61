"""Between real numbers and integers, and weights that are stored in fewer bits or elements."""

from __future__ import annotations

from typing import Any

from netweight.functions.quantize import fake_quantize
from netweight.ir import is_floating
from netweight.lazy import np
from netweight.ops.pointwise.unary import CastAttrs
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers
from netweight.sources.tflite.lower.pointwise.aligned import aligned
from netweight.sources.tflite.lower.scales import dequantized, is_quantized, quantized, rescaled


@lowers("QUANTIZE")
def quantize(call: TfliteCall, x: Tensor) -> Any:
    """Real numbers as integers, or integers at another scale."""
    if is_floating(x.dtype):
        return aligned(call, lambda part: quantized(call, part), x)
    return aligned(call, lambda part: rescaled(call, part, 0), x)


@lowers("DEQUANTIZE")
def dequantize(call: TfliteCall, x: Tensor) -> Any:
    """Integers as the real numbers they stand for; halves as single precision. Of stored weights, work on weights."""
    info = call.ins[0]
    if info is not None and is_quantized(info):
        return aligned(call, lambda part: dequantized(call, part, info), x)
    if x.dtype == call.out.dtype:
        return x
    wide = call.op("cast", CastAttrs(dtype=call.out.dtype), x)
    if x.fixed and (x.learned or (x.stored and x.floating)):
        wide.learned = True
    return wide


@lowers("DENSIFY")
def densify(_call: TfliteCall, x: Tensor) -> Any:
    """All elements of a weight of which the file has those that are not zero: the weight, as it is read."""
    return x


@lowers("FAKE_QUANT")
def fake_quant(call: TfliteCall, x: Tensor) -> Any:
    """What is left of ``x`` after rounding to steps between two bounds, which move so that 0 is a step."""
    low, high = call.option("min", 0.0), call.option("max", 0.0)
    last = 2 ** call.option("num_bits", 8) - 1
    first = 1 if call.option("narrow_range") else 0
    if not low < high or last <= first:
        return NotImplemented
    scale = (high - low) / (last - first)
    zero = min(max(round(first - low / scale), first), last)
    step = call.constant(np.asarray(scale, np.float32))
    return fake_quantize(call, x, step, call.constant(np.asarray(zero, np.int32)), quant_min=first, quant_max=last)
