"""A recurrent layer that multiplies integers: its weights are stored as such, and what they meet is rounded on the way.

All steps of x are rounded with one scale, the hidden states of all samples with one scale in each step, both as
``DynamicQuantizeLinear`` does. Sums of products of integers are exact; everything else is floating.

Source: ONNX Runtime, operator DynamicQuantizeLSTM of com.microsoft, version 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from netweight.lazy import Array, np
from netweight.ops.quantize.dynamic import dynamic_quantize_forward
from netweight.ops.recurrent.cells import Arrays, Given, Way, starts
from netweight.ops.recurrent.lstm import CELL, LstmAttrs

_MOST, _EXACT = 255 * 255, 1 << 24
"""The largest product of two bytes, and where single precision leaves out whole numbers."""


class Integers(NamedTuple):
    """Weights of one direction.

    Attributes:
        numbers: (in, 4 * H), the gates in the order of ``LstmAttrs``.
        scale: () or (4 * H,).
        zero_point: Like ``scale``.
    """

    numbers: Array
    scale: Array
    zero_point: Array

    @property
    def factor(self) -> Array:
        """The numbers without their zero points, in a type in which sums of products with bytes are exact."""
        exact = np.float32 if len(self.numbers) * _MOST < _EXACT else np.float64
        found: Array = self.numbers.astype(exact) - self.zero_point.astype(exact)
        return found


def multiplied(x: Array, factor: Array, factor_scale: Array) -> Array:
    """x times integers with a scale: rounded to integers, summed exactly, and scaled.

    >>> from netweight.lazy import np
    >>> multiplied(np.array([[-1.0], [1.0]], np.float32), np.array([[2.0]]), np.float32(0.5)).round(2).tolist()
    [[-1.0], [1.0]]
    """
    small, scale, zero = dynamic_quantize_forward(None, x)
    left = small.astype(factor.dtype) - zero.astype(factor.dtype)
    sums = (left.reshape(-1, left.shape[-1]) @ factor).reshape(*x.shape[:-1], factor.shape[1])
    result: Array = sums.astype(np.float32) * (scale * factor_scale)
    return result


def layer(attrs: LstmAttrs, given: Given, read: Integers, recalled: Integers) -> tuple[Array, Arrays]:
    """y (T, N, H), and the last states.

    Args:
        attrs: Attributes of the layer.
        given: Its floating tensors; the weight of the state gives no more than its size.
        read: Weights of x.
        recalled: Weights of the state.
    """
    way, states = Way.of(attrs, given.x, given.lengths), starts(given)
    y = np.empty((*given.x.shape[:2], given.weight_hh.shape[1]), given.x.dtype)
    steps = way.read(multiplied(given.x, read.factor, read.scale))
    steps = steps if given.bias_ih is None else steps + given.bias_ih
    seen, factor = states[0], recalled.factor
    still = np.zeros_like(states[0])
    forward: Callable[..., tuple[Arrays, Arrays]] = CELL.forward
    for step, argument in enumerate(steps):
        active = way.active[step][:, None]
        whole = argument + multiplied(seen, factor, recalled.scale)
        reached, _ = forward(attrs, given, whole, (still, *states[1:]))
        states = tuple(np.where(active, new, old) for new, old in zip(reached, states, strict=True))
        y[step] = states[0]
        seen = np.where(active, states[0], 0).astype(y.dtype)
    return way.put(y), states
