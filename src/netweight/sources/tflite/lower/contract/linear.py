"""Fully connected layers and products of matrices."""

from __future__ import annotations

import math
from typing import Any

from netweight.errors import FormatError
from netweight.sources.onnx.lower.common import reshaped, transposed
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers
from netweight.sources.tflite.lower.contract.conv import with_bias
from netweight.sources.tflite.lower.contract.hybrid import real_weight
from netweight.sources.tflite.lower.layout import moved
from netweight.sources.tflite.lower.scales import activated, is_quantized, need, requantized, zero_of
from netweight.sources.tflite.tensors import weigh


@lowers("FULLY_CONNECTED")
def fully_connected(call: TfliteCall, x: Tensor, w: Tensor, b: Tensor | None = None) -> Any:
    """x (..., in), w (out, in); all dimensions but the last become one unless the call keeps them."""
    if call.option("weights_format"):
        return NotImplemented
    if w.rank != 2 or not w.shape[1] or x.spec.numel % w.shape[1]:
        raise FormatError(f"{call.kind}: expected a weight (out, in) for {x.shape}, got {w.shape}")
    keep = call.option("keep_num_dims") and x.rank > 0 and x.shape[-1] == w.shape[1]
    rows = x.shape[:-1] if keep else (x.spec.numel // w.shape[1],)
    weigh(w, call.ins[1])
    if is_quantized(call.ins[0]):
        y = _of_integers(call, reshaped(call, x, (math.prod(rows), w.shape[1])), w, b)
        return reshaped(call, y, (*rows, w.shape[0]))
    if b is not None:
        b.role = "parameter" if b.stored else b.role
    return activated(
        call, call.op("linear", None, reshaped(call, x, (*rows, w.shape[1])), real_weight(call, w, 1, 0), b)
    )


def _of_integers(call: TfliteCall, x: Tensor, w: Tensor, b: Tensor | None) -> Tensor:
    info, weight = call.ins[0], call.ins[1]
    assert info is not None  # the input was given
    assert weight is not None  # and the weight
    turned = moved(call, w, (1, 0))
    if w.stored:
        turned.role, turned.quantization = w.role, w.quantization
    sums = call.op("integer_matmul", None, x, turned, zero_of(call, info), zero_of(call, weight))
    sums = with_bias(call, sums, b, 1)
    return requantized(call, sums, [need(info).scale[0] * each for each in need(weight).scale], 1)


@lowers("BATCH_MATMUL")
def batch_matmul(call: TfliteCall, a: Tensor, b: Tensor) -> Any:
    """a @ b, each of them transposed if the call says so."""
    a = transposed(call, a) if call.option("adj_x") else a
    weigh(b, call.ins[1])
    left, right = call.ins[0], call.ins[1]
    if left is None or right is None or not is_quantized(left):
        whole = real_weight(call, b, 1, b.rank - 2 if call.option("adj_y") else b.rank - 1)
        return call.op("matmul", None, a, transposed(call, whole) if call.option("adj_y") else whole)
    b = transposed(call, b) if call.option("adj_y") else b
    sums = call.op("integer_matmul", None, a, b, zero_of(call, left), zero_of(call, right))
    return requantized(call, sums, [need(left).scale[0] * need(right).scale[0]], activation=False)
