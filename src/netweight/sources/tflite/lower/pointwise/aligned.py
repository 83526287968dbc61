"""Operators on each element, where the order of dimensions does not matter: channels stay where they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower.layout import flat, moved, order_of, under


def aligned(call: TfliteCall, compute: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
    """What is computed of each element, under the permutation that all inputs share; others are read as they are.

    What is stored, a number for each channel, is brought into that order.
    """
    for x in inputs:
        if x.stored and x.spec.numel == 1:  # a number that is added or multiplied is no weight
            x.role = x.role or "constant"
    orders = {order_of(x) for x in inputs if not x.fixed}
    order = orders.pop() if len(orders) == 1 else None
    if order is None or any(x.rank > len(order) for x in inputs):
        return compute(*inputs)
    result = compute(*[_inside(call, x, order) if x.fixed else under(x) for x in inputs])
    return moved(call, result, order) if result.rank == len(order) else result


def _inside(call: TfliteCall, x: Tensor, order: Sequence[int]) -> Tensor:
    """A fixed tensor with its dimensions where a permutation takes them from."""
    if x.spec.numel == 1:
        return x
    places = [list(order).index(dim) for dim in range(len(order))]
    return moved(call, flat(call, x, (*(1,) * (len(order) - x.rank), *x.shape)), places)
