"""Operators on each element, where the order of dimensions does not matter: channels stay where they are."""

from __future__ import annotations

from collections.abc import Callable

from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower.layout import moved, order_of, under


def aligned(call: TfliteCall, compute: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
    """What is computed of each element, under the permutation that all inputs share; others are read as they are."""
    for x in inputs:
        if x.stored and x.spec.numel == 1:  # a number that is added or multiplied is no weight
            x.role = x.role or "constant"
    orders = {order_of(x) for x in inputs if x.rank > 1 or not x.fixed}
    order = orders.pop() if len(orders) == 1 else None
    if order is None:
        return compute(*inputs)
    result = compute(*[under(x) for x in inputs])
    return moved(call, result, order) if result.rank == len(order) else result
