"""Softmax."""

from __future__ import annotations

from typing import Any

from netweight.ops.norm.softmax import SoftmaxAttrs
from netweight.sources.onnx.lower.common import scaled
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers
from netweight.sources.tflite.lower.scales import in_reals


@lowers("SOFTMAX")
def softmax(call: TfliteCall, x: Tensor) -> Any:
    """Along the last dimension, of ``beta`` times the numbers."""
    beta = call.option("beta", 1.0)
    return in_reals(call, lambda p: call.op("softmax", SoftmaxAttrs(dim=-1), scaled(call, p, beta)), x)


@lowers("LOG_SOFTMAX")
def log_softmax(call: TfliteCall, x: Tensor) -> Any:
    """Along the last dimension."""
    return in_reals(call, lambda p: call.op("log_softmax", SoftmaxAttrs(dim=-1), p), x)
