"""Depthwise convolution, one filter per channel, forward and backward: compiled loops, or shifted planes in NumPy."""

from __future__ import annotations

from typing import Any

from netweight import machine_code
from netweight.kernels import compiled
from netweight.kernels.convolution import Base, Conv, Convolution
from netweight.kernels.planes import by_channel, rows
from netweight.kernels.taps import taps
from netweight.lazy import Array, np


def depthwise(conv: Conv, x: tuple[int, ...], weight: tuple[int, ...], *given: Any) -> Convolution:
    """The way that suits the shapes; arguments as of ``netweight.kernels.convolve.convolution``."""
    way = _Compiled if _Compiled.fits(conv, weight) else _Planes
    return way(conv, x, weight, *given)


class _Compiled(Base):
    """The same sums of planes as below, in compiled loops.

    The input's gradient slides the kernel, turned round, over the output's gradient, whose elements lie a stride apart.
    """

    name = "depthwise, Numba"

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        kernel = (self.weight_shape[2], self.weight_shape[3])
        self.stride = self.conv.stride[0]
        self.forth = compiled.depthwise(kernel, self.stride)
        self.back = compiled.depthwise(kernel, 1)
        self.before = tuple(pad[0] for pad in self.conv.padding)
        out_size, in_size = (self.out_shape[2], self.out_shape[3]), (self.shape[2], self.shape[3])
        self.frame = compiled.frame_of(kernel, self.stride, out_size, self.dtype)
        self.frame_back = compiled.frame_of(kernel, 1, in_size, self.dtype)
        self.sums = np.empty((*kernel, out_size[1]), self.dtype)
        self.after = tuple(size - 1 - before for size, before in zip(kernel, self.before, strict=True))

    @staticmethod
    def fits(conv: Conv, weight: tuple[int, ...]) -> bool:
        """Whether it is one of the kernels and strides that are compiled, and Numba is there."""
        usual = len(conv.stride) == 2 and conv.dilation == (1, 1) and conv.stride[0] == conv.stride[1]
        if not (usual and conv.stride[0] in compiled.STRIDES and set(weight[2:]) <= set(compiled.KERNELS)):
            return False
        inside = all(pad[0] < size for pad, size in zip(conv.padding, weight[2:], strict=True))
        return inside and machine_code.is_installed()

    def forward(self, x: Array, weight: Array, bias: Array | None) -> Array:
        self.x, self.weight = np.ascontiguousarray(by_channel(x)), np.ascontiguousarray(weight[:, 0])
        self.forth.slide(by_channel(self.y), self.x, self.weight, self.frame, *self.before, 1)
        return self.biased(bias)

    def backward(self, grad_y: Array) -> tuple[Array | None, Array | None, Array | None]:
        grad = np.ascontiguousarray(by_channel(grad_y))
        if self.grad_x is not None:
            turned = np.ascontiguousarray(self.weight[:, ::-1, ::-1])
            self.back.slide(by_channel(self.grad_x), grad, turned, self.frame_back, *self.after, self.stride)
        if self.grad_weight is not None:
            self.forth.grad_weight(self.grad_weight[:, 0], grad, self.x, self.frame, self.sums, *self.before)
        return self.grad_x, self.grad_weight, self.grad_bias(rows(grad_y)) if self.wanted[2] else None


class _Planes(Base):
    """A sum of shifted planes, a channel at a time."""

    name = "depthwise"

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        sizes = self.weight_shape[2:], self.shape[2:], self.out_shape[2:]
        self.taps = taps(*sizes, self.conv.stride, self.conv.padding, self.conv.dilation)
        self.room = np.empty((self.shape[0], *self.out_shape[2:]), self.dtype)

    def forward(self, x: Array, weight: Array, bias: Array | None) -> Array:
        self.x, self.weight = by_channel(x), weight
        out = by_channel(self.y)
        out.fill(0)
        for channel in range(len(out)):
            y, plane, kernel = out[channel], self.x[channel], weight[channel, 0]
            for at, outputs, inputs in self.taps:
                room = self.room[(..., *outputs)]
                np.multiply(plane[(..., *inputs)], kernel[at], out=room)
                y[(..., *outputs)] += room
        return self.biased(bias)

    def backward(self, grad_y: Array) -> tuple[Array | None, Array | None, Array | None]:
        grad = by_channel(grad_y)
        letters = "abcdef"[: grad.ndim - 1]
        if self.grad_x is not None:
            by_channel(self.grad_x).fill(0)
        if self.grad_weight is not None:
            self.grad_weight.fill(0)
        for channel in range(len(grad)):
            kernel = self.weight[channel, 0]
            for at, outputs, inputs in self.taps:
                given = grad[channel][(..., *outputs)]
                room = self.room[(..., *outputs)]
                if self.grad_weight is not None:
                    met = self.x[channel][(..., *inputs)]
                    self.grad_weight[(channel, 0, *at)] = np.einsum(f"{letters},{letters}->", given, met)
                if self.grad_x is not None:
                    np.multiply(given, kernel[at], out=room)
                    by_channel(self.grad_x)[channel][(..., *inputs)] += room
        return self.grad_x, self.grad_weight, self.grad_bias(rows(grad_y)) if self.wanted[2] else None
