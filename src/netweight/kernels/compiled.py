"""Depthwise convolution in 2-D, compiled by Numba where that is installed: NumPy has no operation for it.

Each plane is copied into a frame of zeros, so that no tap leaves it, and kernel and stride are constants of the
compiled code, so that the taps are unrolled and neighbours are computed together. Arrays are by channel: (C, N, H, W).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from netweight.lazy import Array, np

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


@cache
def is_installed() -> bool:
    """Whether Numba is there."""
    return importlib.util.find_spec("numba") is not None


@cache
def _compiler() -> Callable[[Callable[..., None]], Any]:
    from numba import njit

    found: Callable[[Callable[..., None]], Any] = njit(cache=True, fastmath={"contract", "reassoc", "nsz"}, nogil=True)
    return found


@cache
def depthwise(kernel: tuple[int, int], stride: int) -> Depthwise:
    """The compiled functions; the first call for a kernel and a stride compiles for some seconds, and keeps that."""
    one, add = _plane(*kernel, stride), _products(*kernel, stride)
    put = _compiler()(_put)

    def slide(y: Array, x: Array, weight: Array, frame: Array, top: int, left: int, apart: int) -> None:
        for c in range(y.shape[0]):
            for n in range(y.shape[1]):
                put(frame, x[c, n], top, left, apart)
                one(y[c, n], frame, weight[c])

    def grad_weight(grad: Array, grad_y: Array, x: Array, frame: Array, sums: Array, top: int, left: int) -> None:
        for c in range(grad_y.shape[0]):
            sums[:] = 0
            for n in range(grad_y.shape[1]):
                put(frame, x[c, n], top, left, 1)
                add(sums, grad_y[c, n], frame)
            for i in range(grad.shape[1]):
                for j in range(grad.shape[2]):
                    grad[c, i, j] = sums[i, j].sum()

    return Depthwise(_compiler()(slide), _compiler()(grad_weight))


def frame_of(kernel: tuple[int, int], stride: int, out_size: tuple[int, int], dtype: Any) -> Array:
    """Room for a plane with what windows read around it."""
    return np.zeros([(out - 1) * stride + size for out, size in zip(out_size, kernel, strict=True)], dtype)


def _put(frame: Array, plane: Array, top: int, left: int, apart: int) -> None:
    """A plane into a frame; what no window reads is left out."""
    for h in range(min(plane.shape[0], (frame.shape[0] - top + apart - 1) // apart)):
        for w in range(min(plane.shape[1], (frame.shape[1] - left + apart - 1) // apart)):
            frame[top + h * apart, left + w * apart] = plane[h, w]


def _plane(height: int, width: int, stride: int) -> Any:
    """A window over one frame."""

    def one(y: Array, frame: Array, weight: Array) -> None:
        for h in range(y.shape[0]):
            for w in range(y.shape[1]):
                total = weight.dtype.type(0)
                for i in range(height):
                    for j in range(width):
                        total += weight[i, j] * frame[h * stride + i, w * stride + j]
                y[h, w] = total

    return _compiler()(one)


def _products(height: int, width: int, stride: int) -> Any:
    """What each tap meets, times the gradient of its output; columns apart, so that neighbours add up together."""

    def add(sums: Array, grad_y: Array, frame: Array) -> None:
        for h in range(grad_y.shape[0]):
            for i in range(height):
                for j in range(width):
                    for w in range(grad_y.shape[1]):
                        sums[i, j, w] += grad_y[h, w] * frame[h * stride + i, w * stride + j]

    return _compiler()(add)
