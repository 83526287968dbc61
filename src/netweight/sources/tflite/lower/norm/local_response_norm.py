"""Normalisation by the squares of near channels."""

from __future__ import annotations

from typing import Any

from netweight.ops.norm.local_response_norm import LocalResponseNormAttrs
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers
from netweight.sources.tflite.lower.layout import from_first, to_first


@lowers("LOCAL_RESPONSE_NORMALIZATION")
def local_response_normalization(call: TfliteCall, x: Tensor) -> Any:
    """x over (bias + alpha * sum of squares) ** beta, of the channels up to ``radius`` away."""
    size = 2 * call.option("radius") + 1
    attrs = LocalResponseNormAttrs(
        size=size, alpha=call.option("alpha", 0.0) * size, beta=call.option("beta", 0.0), k=call.option("bias", 0.0)
    )
    return from_first(call, call.op("local_response_norm", attrs, to_first(call, x)))
