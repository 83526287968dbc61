"""Pooling, forward and backward, tap by tap over whole planes, in room that is kept from call to call.

A window's taps are taken one after the other, each over all windows at once: of a maximum the number of the tap that
won is kept, in one byte, instead of positions.

Shapes as in ``netweight.ops.window.pool`` and ``pool_average``.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from netweight.kernels.planes import by_channel, empty
from netweight.kernels.taps import taps
from netweight.lazy import Array, np


class Window(NamedTuple):
    """What a pooling is; windows lie in the input and its padding."""

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]


MOST_TAPS = 255
"""The number of a tap is kept in one byte, and one number says that there was none."""


class MaxPool:
    """The largest element of each window; the first of equal ones, and NaN where there is one.

    Args:
        window: What it is.
        x: Shape of the input.
        y: Shape of the output.
        dtype: Floating type of both.
    """

    def __init__(self, window: Window, x: tuple[int, ...], y: tuple[int, ...], dtype: Any) -> None:
        self.taps = taps(window.kernel_size, x[2:], y[2:], window.stride, window.padding, window.dilation)
        self.y, self.grad_x = empty(y, dtype), empty(x, dtype)
        self.winner = empty(y, np.uint8)
        self.better = empty(y, np.bool_)

    def forward(self, x: Array) -> Array:
        """The maxima."""
        given, y = by_channel(x), by_channel(self.y)
        winner, better = by_channel(self.winner), by_channel(self.better)
        y.fill(-math.inf)
        winner.fill(MOST_TAPS)
        for number, (_, outputs, inputs) in enumerate(self.taps):
            part, best = given[(..., *inputs)], y[(..., *outputs)]
            wins = better[(..., *outputs)]
            np.less_equal(part, best, out=wins)
            np.logical_not(wins, out=wins)  # larger, or no number
            wins &= ~np.isnan(best)  # the first that is no number stays
            first = winner[(..., *outputs)]
            wins |= (first == MOST_TAPS) & (part == best)  # minus infinity wins over nothing
            np.copyto(best, part, where=wins)
            np.copyto(first, number, where=wins, casting="unsafe")
        return self.y

    def backward(self, grad_y: Array) -> Array:
        """Gradients to the elements that won."""
        grad, winner = by_channel(grad_y), by_channel(self.winner)
        grad_x, wins = by_channel(self.grad_x), by_channel(self.better)
        grad_x.fill(0)
        for number, (_, outputs, inputs) in enumerate(self.taps):
            here = wins[(..., *outputs)]
            np.equal(winner[(..., *outputs)], number, out=here)
            grad_x[(..., *inputs)] += grad[(..., *outputs)] * here
        return self.grad_x


def maxima(window: Window, x: Array, y: tuple[int, ...]) -> Array:
    """The largest element of each window, (N, C, *out) in order, and NaN where there is one.

    Args:
        window: What the pooling is.
        x: Numbers of any real type, (N, C, *in).
        y: Shape of the output; what meets padding alone is the lowest number.
    """
    lowest = -math.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    found = np.full(y, lowest, x.dtype)
    for _, outputs, inputs in taps(
        window.kernel_size, x.shape[2:], y[2:], window.stride, window.padding, window.dilation
    ):
        part = found[(..., *outputs)]
        np.maximum(part, x[(..., *inputs)], out=part)
    return found


class AvgPool:
    """The sum of each window over a divisor.

    Args:
        window: What it is.
        x: Shape of the input.
        y: Shape of the output.
        dtype: Floating type of both.
        divisors: One number, or one per window (broadcast over samples and channels).
    """

    def __init__(self, window: Window, x: tuple[int, ...], y: tuple[int, ...], dtype: Any, divisors: Array) -> None:
        self.taps = taps(window.kernel_size, x[2:], y[2:], window.stride, window.padding, window.dilation)
        self.y, self.grad_x, self.share = empty(y, dtype), empty(x, dtype), empty(y, dtype)
        self.shares: Any = (1 / divisors).astype(dtype)
        apart = all(step >= size for step, size in zip(window.stride, window.kernel_size, strict=True))
        self.apart = apart and all(dilation == 1 for dilation in window.dilation)

    def forward(self, x: Array) -> Array:
        """The means."""
        given, y = by_channel(x), by_channel(self.y)
        y.fill(0)
        for _, outputs, inputs in self.taps:
            y[(..., *outputs)] += given[(..., *inputs)]
        y *= self.shares
        return self.y

    def backward(self, grad_y: Array) -> Array:
        """The share of each element of each window."""
        share, grad_x = by_channel(self.share), by_channel(self.grad_x)
        np.multiply(by_channel(grad_y), self.shares, out=share)
        grad_x.fill(0)
        for _, outputs, inputs in self.taps:
            if self.apart:
                grad_x[(..., *inputs)] = share[(..., *outputs)]
            else:
                grad_x[(..., *inputs)] += share[(..., *outputs)]
        return self.grad_x


class GlobalAvgPool:
    """The mean of each plane, which keeps its dimensions with size 1."""

    def __init__(self, x: tuple[int, ...], dtype: Any) -> None:
        self.positions = math.prod(x[2:])
        self.grad_x = empty(x, dtype)

    def forward(self, x: Array) -> Array:
        """The means."""
        y: Array = x.mean(axis=tuple(range(2, x.ndim)), keepdims=True, dtype=x.dtype)
        return y

    def backward(self, grad_y: Array) -> Array:
        """The same share for each element."""
        self.grad_x[...] = grad_y * grad_y.dtype.type(1 / self.positions)
        return self.grad_x
