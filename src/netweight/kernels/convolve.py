"""Convolution, forward and backward, in room that is kept from call to call.

Three ways, chosen by shape: a kernel of one element without stride is one matrix product on the input as it lies; one
filter per channel is a sum of shifted planes; all others make columns of a few samples at a time, which the cache
holds, and multiply those. Backward makes the columns again instead of keeping them.

Shapes as in ``netweight.ops.contract.conv``, any number of spatial dimensions, zeros in the padding.

Source: Chellapilla, Puri & Simard 2006 (im2col); Chetlur et al. 2014, "cuDNN", section 3 (columns in parts).
"""

from __future__ import annotations

import math
from typing import Any

from netweight.kernels.columns import Columns, Window
from netweight.kernels.convolution import Base, Conv, Convolution
from netweight.kernels.depthwise import depthwise
from netweight.kernels.planes import by_channel, rows
from netweight.lazy import Array, np

_COLUMN_BYTES = 1 << 20


def convolution(
    conv: Conv, x: tuple[int, ...], weight: tuple[int, ...], y: tuple[int, ...], dtype: Any, wanted: tuple[bool, ...]
) -> Convolution:
    """The way that suits the shapes.

    Args:
        conv: What it is.
        x: Shape of the input.
        weight: Shape of the weights.
        y: Shape of the output.
        dtype: Of all of them.
        wanted: Whether gradients of input, weights and bias are.
    """
    given = (conv, x, weight, y, dtype, wanted)
    if math.prod(weight[2:]) == 1 and conv.groups == 1 and math.prod(conv.stride) == 1 and not _padded(conv):
        return _Pointwise(*given)
    if weight[1] == 1 and conv.groups == x[1] == y[1]:
        return depthwise(*given)
    whole = conv.groups == 1 and math.prod(conv.stride) == 1 and all(wanted[:2])
    columns_of_y, columns_of_x = y[1] * math.prod(x[2:]), x[1] * math.prod(y[2:])
    return _OfGradients(*given) if whole and columns_of_y <= 2 * columns_of_x else _Columns(*given)


def _padded(conv: Conv) -> bool:
    return any(any(pad) for pad in conv.padding)


class _Pointwise(Base):
    """A matrix product of the weights and the channels."""

    name = "pointwise"

    def forward(self, x: Array, weight: Array, bias: Array | None) -> Array:
        self.x, self.weight = rows(x), weight.reshape(weight.shape[:2])
        np.matmul(self.weight, self.x, out=rows(self.y))
        return self.biased(bias)

    def backward(self, grad_y: Array) -> tuple[Array | None, Array | None, Array | None]:
        grad = rows(grad_y)
        if self.grad_weight is not None:
            np.matmul(grad, self.x.T, out=self.grad_weight.reshape(self.weight.shape))
        if self.grad_x is not None:
            np.matmul(self.weight.T, grad, out=rows(self.grad_x))
        return self.grad_x, self.grad_weight, self.grad_bias(grad)


class _Columns(Base):
    """Columns of a few samples, multiplied by the weights of each group."""

    name = "columns"

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        _, c_in, *kernel = self.weight_shape
        samples, out_size = self.out_shape[0], self.out_shape[2:]
        self.positions = math.prod(out_size)
        self.depth = c_in * math.prod(kernel)
        size = self.shape[1] * math.prod(kernel) * self.positions * np.dtype(self.dtype).itemsize
        most = max(1, _COLUMN_BYTES // max(size, 1))
        self.at_once = next(count for count in range(min(most, samples), 0, -1) if samples % count == 0)
        before = tuple(pad for pad, _ in self.conv.padding)
        window = Window(tuple(kernel), self.shape[2:], out_size, self.conv.stride, before, self.conv.dilation)
        self.columns = Columns(window, self.shape[1], self.at_once, self.dtype)
        self.grad_columns = self._room_back(window)
        self.name += self.columns.by

    def _room_back(self, window: Window) -> Columns | None:
        """Columns for the way back."""
        return Columns(window, self.shape[1], self.at_once, self.dtype) if self.wanted[0] else None

    def forward(self, x: Array, weight: Array, bias: Array | None) -> Array:
        self.x, self.weight = np.ascontiguousarray(by_channel(x)), weight
        groups = self.conv.groups
        kernels = weight.reshape(groups, -1, self.depth)
        out = rows(self.y).reshape(groups, kernels.shape[1], -1)
        for start in range(0, len(x), self.at_once):
            columns = self.columns.fill(self.x, start).reshape(groups, self.depth, -1)
            width = columns.shape[2]
            part = out[:, :, start * self.positions : start * self.positions + width]
            for group in range(groups):
                np.matmul(kernels[group], columns[group], out=part[group])
        return self.biased(bias)

    def backward(self, grad_y: Array) -> tuple[Array | None, Array | None, Array | None]:
        groups = self.conv.groups
        kernels = self.weight.reshape(groups, -1, self.depth)
        grad = rows(grad_y)
        grouped = grad.reshape(groups, kernels.shape[1], -1)
        sums = None if self.grad_weight is None else self.grad_weight.reshape(kernels.shape)
        grad_x = self.grad_x
        if grad_x is not None:
            by_channel(grad_x).fill(0)
        for start in range(0, len(grad_y), self.at_once):
            width = self.at_once * self.positions
            part = grouped[:, :, start * self.positions : start * self.positions + width]
            if sums is not None:
                columns = self.columns.fill(self.x, start).reshape(groups, self.depth, width)
                for group in range(groups):
                    if start:
                        sums[group] += part[group] @ columns[group].T
                    else:
                        np.matmul(part[group], columns[group].T, out=sums[group])
            if grad_x is not None and self.grad_columns is not None:
                spread = self.grad_columns.array.reshape(groups, self.depth, width)
                for group in range(groups):
                    np.matmul(kernels[group].T, part[group], out=spread[group])
                self.grad_columns.add_to(by_channel(grad_x), start)
        return self.grad_x, self.grad_weight, self.grad_bias(grad)


class _OfGradients(_Columns):
    """Without stride, columns of the output's gradient give both gradients.

    The input's gradient is the convolution of the output's with the kernel turned round; the weights' is the product of
    the same columns with the input as it lies.
    """

    name = "columns of gradients"

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.turn = (slice(None), slice(None), *(slice(None, None, -1) for _ in self.conv.stride))

    def _room_back(self, window: Window) -> Columns:
        parts = zip(window.kernel, window.before, window.dilation, strict=True)
        around = tuple((size - 1) * step - before for size, before, step in parts)
        turned = window._replace(in_size=window.out_size, out_size=window.in_size, before=around)
        return Columns(turned, self.out_shape[1], self.at_once, self.dtype)

    def backward(self, grad_y: Array) -> tuple[Array | None, Array | None, Array | None]:
        assert self.grad_x is not None
        assert self.grad_weight is not None
        assert self.grad_columns is not None
        c_out, c_in, *kernel = self.weight_shape
        depth = c_out * math.prod(kernel)
        turned = self.weight[self.turn].swapaxes(0, 1).reshape(c_in, depth)
        grad, x, grad_x = np.ascontiguousarray(by_channel(grad_y)), rows(by_channel(self.x)), rows(self.grad_x)
        positions = math.prod(self.shape[2:])
        sums = np.zeros((depth, c_in), self.dtype)
        for start in range(0, len(grad_y), self.at_once):
            columns = self.grad_columns.fill(grad, start).reshape(depth, self.at_once * positions)
            here = slice(start * positions, (start + self.at_once) * positions)
            np.matmul(turned, columns, out=grad_x[:, here])
            sums += columns @ x[:, here].T
        self.grad_weight[...] = np.moveaxis(sums.reshape(c_out, *kernel, c_in), -1, 1)[self.turn]
        return self.grad_x, self.grad_weight, self.grad_bias(rows(grad_y)) if self.wanted[2] else None
