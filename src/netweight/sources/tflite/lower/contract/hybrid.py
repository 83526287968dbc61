"""Weights of integers that meet real numbers: dequantised, as what the kernels compute with."""

from __future__ import annotations

from netweight.lazy import np
from netweight.ops.quantize.affine import ScaleAttrs
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower.scales import is_quantized, need


def real_weight(call: TfliteCall, w: Tensor, at: int, dim: int) -> Tensor:
    """The real numbers of a weight whose scales belong to its dimension ``dim``; one of real numbers as it is."""
    info = call.ins[at]
    if info is None or not is_quantized(info):
        return w
    scales = need(info).scale
    factor = np.asarray(scales if len(scales) > 1 else scales[0], np.float32)
    attrs = ScaleAttrs(dim=dim if len(scales) > 1 else None)
    result: Tensor = call.op("dequantize", attrs, w, call.constant(factor), None)
    result.learned = result.learned or (w.fixed and w.stored)
    return result
