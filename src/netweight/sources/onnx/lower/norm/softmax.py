"""Softmax and its relatives."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from netweight.functions import reduce
from netweight.functions.norm import softmax as functions
from netweight.ops.move.creation import OneHotAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.lower.common import axis_of, cast_to, permuted, reshaped
from netweight.sources.onnx.tensor import Tensor

_PER_AXIS = 13
"""Opset from which on ``axis`` is the one that is summed over."""


def _along(call: Call, x: Tensor, rule: Callable[[Tensor, int], Tensor]) -> Tensor:
    """``rule`` of a tensor and the dimension to sum over.

    Until opset 12 the input is seen as a matrix, ``axis`` where its columns begin.
    """
    if call.opset >= _PER_AXIS:
        return rule(x, axis_of(call.attr("axis", -1), x.rank))
    axis = axis_of(call.attr("axis", 1), x.rank)
    if math.prod(x.shape[axis + 1 :]) == 1:
        return rule(x, axis)
    return reshaped(call, rule(reshaped(call, x, (math.prod(x.shape[:axis]), -1)), 1), x.shape)


@lowers("Softmax")
def softmax(call: Call, x: Tensor) -> Any:
    return _along(call, x, lambda tensor, dim: functions.softmax(call, tensor, dim))


@lowers("LogSoftmax")
def log_softmax(call: Call, x: Tensor) -> Any:
    return _along(call, x, lambda tensor, dim: functions.log_softmax(call, tensor, dim))


@lowers("Hardmax")
def hardmax(call: Call, x: Tensor) -> Any:
    """1 at the first of the largest, 0 elsewhere."""

    def rule(tensor: Tensor, dim: int) -> Tensor:
        if not tensor.spec.numel:
            return tensor
        largest = reduce.argmax(call, tensor, dim)
        hot = call.op("one_hot", OneHotAttrs(num_classes=tensor.shape[dim]), largest)
        order = list(range(tensor.rank - 1))
        order.insert(dim, tensor.rank - 1)
        return cast_to(call, hot if dim == tensor.rank - 1 else permuted(call, hot, order), tensor.dtype)

    return _along(call, x, rule)
