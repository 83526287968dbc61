"""Depthwise convolution in 2-D, compiled by Numba where that is installed: NumPy has no operation for it.

Each plane is copied into a frame of zeros, so that no tap leaves it, and kernel and stride are constants of the
compiled code, so that the taps are unrolled and neighbours are computed together. Arrays are by channel: (C, N, H, W).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from netweight.lazy import Array, np
from netweight.machine_code import compiled

KERNELS, STRIDES = (3, 5, 7), (1, 2)
"""What is compiled; other depthwise convolutions are done by NumPy."""


class Depthwise(NamedTuple):
    """The compiled functions of one kernel and stride.

    Attributes:
        slide: ``(y, x, weight, frame, top, left, apart)``: each plane of ``x`` in a frame, its elements ``apart`` from
            each other, then a window of the weights over it.
        grad_weight: ``(grad_weight, grad_y, x, frame, sums, top, left)``, with room ``sums`` (*kernel, width of ``y``).
    """

    slide: Any
    grad_weight: Any


_MATH = {"fastmath": {"contract", "reassoc", "nsz"}, "nogil": True}


@cache
def depthwise(kernel: tuple[int, int], stride: int) -> Depthwise:
    """The compiled functions; the first call for a kernel and a stride compiles for some seconds, and keeps that."""
    return Depthwise(compiled(_slide(*kernel, stride), **_MATH), compiled(_grad_weight(*kernel, stride), **_MATH))


def frame_of(kernel: tuple[int, int], stride: int, out_size: tuple[int, int], dtype: Any) -> Array:
    """Room for a plane with what windows read around it."""
    return np.zeros([(out - 1) * stride + size for out, size in zip(out_size, kernel, strict=True)], dtype)


def _slide(height: int, width: int, stride: int) -> Callable[..., None]:
    """Windows over planes."""

    def slide(y: Array, x: Array, weight: Array, frame: Array, top: int, left: int, apart: int) -> None:
        rows = min(x.shape[2], (frame.shape[0] - top + apart - 1) // apart)
        columns = min(x.shape[3], (frame.shape[1] - left + apart - 1) // apart)
        for c in range(y.shape[0]):
            for n in range(y.shape[1]):
                for h in range(rows):
                    for w in range(columns):
                        frame[top + h * apart, left + w * apart] = x[c, n, h, w]
                for h in range(y.shape[2]):
                    for w in range(y.shape[3]):
                        total = weight.dtype.type(0)
                        for i in range(height):
                            for j in range(width):
                                total += weight[c, i, j] * frame[h * stride + i, w * stride + j]
                        y[c, n, h, w] = total

    return slide


def _grad_weight(height: int, width: int, stride: int) -> Callable[..., None]:
    """What each tap meets, times the gradient of its output; columns apart, so that neighbours add up together."""

    def grad_weight(grad: Array, grad_y: Array, x: Array, frame: Array, sums: Array, top: int, left: int) -> None:
        rows, columns = min(x.shape[2], frame.shape[0] - top), min(x.shape[3], frame.shape[1] - left)
        for c in range(grad_y.shape[0]):
            sums[:] = 0
            for n in range(grad_y.shape[1]):
                for h in range(rows):
                    for w in range(columns):
                        frame[top + h, left + w] = x[c, n, h, w]
                for h in range(grad_y.shape[2]):
                    for i in range(height):
                        for j in range(width):
                            for w in range(grad_y.shape[3]):
                                sums[i, j, w] += grad_y[c, n, h, w] * frame[h * stride + i, w * stride + j]
            for i in range(height):
                for j in range(width):
                    grad[c, i, j] = sums[i, j].sum()

    return grad_weight
