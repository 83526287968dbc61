"""Convolution, forward and backward, in room that is kept from call to call.

Three ways, chosen by shape: a kernel of one element without stride is one matrix product on the input as it lies; one
filter per channel is a sum of shifted planes; all others make columns of a few samples at a time, which the cache
holds, and multiply those. Backward makes the columns again instead of keeping them.

Shapes as in ``netweight.ops.contract.conv``, any number of spatial dimensions, zeros in the padding.

Source: Chellapilla, Puri & Simard 2006 (im2col); Chetlur et al. 2014, "cuDNN", section 3 (columns in parts).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Protocol

from netweight.kernels import compiled
from netweight.kernels.planes import by_channel, empty, rows
from netweight.kernels.taps import Tap, taps
from netweight.lazy import Array, np

_COLUMN_BYTES = 1 << 20


class Conv(NamedTuple):
    """What a convolution is: as the attributes of the operator, with zeros in the padding."""

    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    groups: int


class Convolution(Protocol):
    """A convolution of one shape.

    Attributes:
        name: Which way it is done.
    """

    name: str

    def forward(self, x: Array, weight: Array, bias: Array | None) -> Array:
        """The output, in room that the next call uses again."""

    def backward(self, grad_y: Array) -> tuple[Array | None, Array | None, Array | None]:
        """Gradients of what the last forward was given, as far as they are wanted."""


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
        return _CompiledDepthwise(*given) if _CompiledDepthwise.fits(conv, weight) else _Depthwise(*given)
    whole = conv.groups == 1 and math.prod(conv.stride) == 1 and all(wanted[:2])
    columns_of_y, columns_of_x = y[1] * math.prod(x[2:]), x[1] * math.prod(y[2:])
    return _OfGradients(*given) if whole and columns_of_y <= 2 * columns_of_x else _Columns(*given)


def _padded(conv: Conv) -> bool:
    return any(any(pad) for pad in conv.padding)


def _taps(conv: Conv, in_size: tuple[int, ...], kernel: tuple[int, ...], out_size: tuple[int, ...]) -> list[Tap]:
    return taps(kernel, in_size, out_size, conv.stride, conv.padding, conv.dilation)


class _Base:
    def __init__(
        self, conv: Conv, x: tuple[int, ...], weight: tuple[int, ...], y: tuple[int, ...], dtype: Any,
        wanted: tuple[bool, ...],
    ) -> None:  # fmt: skip
        self.conv, self.shape, self.weight_shape, self.out_shape, self.dtype = conv, x, weight, y, dtype
        self.wanted = (*wanted, *(False,) * (3 - len(wanted)))
        self.y = empty(y, dtype)
        self.grad_x = empty(x, dtype) if self.wanted[0] else None
        self.grad_weight = np.empty(weight, dtype) if self.wanted[1] else None
        self.x: Any = None
        self.weight: Any = None

    def _biased(self, bias: Array | None) -> Array:
        if bias is not None:
            by_channel(self.y)[...] += bias.reshape(-1, *(1,) * (self.y.ndim - 1))
        return self.y

    def _grad_bias(self, grad_rows: Array) -> Array | None:
        return grad_rows.sum(axis=1) if self.wanted[2] else None


class _Pointwise(_Base):
    """A matrix product of the weights and the channels."""

    name = "pointwise"

    def forward(self, x: Array, weight: Array, bias: Array | None) -> Array:
        self.x, self.weight = rows(x), weight.reshape(weight.shape[:2])
        np.matmul(self.weight, self.x, out=rows(self.y))
        return self._biased(bias)

    def backward(self, grad_y: Array) -> tuple[Array | None, Array | None, Array | None]:
        grad = rows(grad_y)
        if self.grad_weight is not None:
            np.matmul(grad, self.x.T, out=self.grad_weight.reshape(self.weight.shape))
        if self.grad_x is not None:
            np.matmul(self.weight.T, grad, out=rows(self.grad_x))
        return self.grad_x, self.grad_weight, self._grad_bias(grad)


class _Columns(_Base):
    """Columns of a few samples, multiplied by the weights of each group."""

    name = "columns"

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        _, c_in, *kernel = self.weight_shape
        samples, out_size = self.out_shape[0], self.out_shape[2:]
        self.taps = _taps(self.conv, self.shape[2:], tuple(kernel), out_size)
        self.positions = math.prod(out_size)
        self.depth = c_in * math.prod(kernel)
        size = self.shape[1] * math.prod(kernel) * self.positions * np.dtype(self.dtype).itemsize
        most = max(1, _COLUMN_BYTES // max(size, 1))
        self.at_once = next(count for count in range(min(most, samples), 0, -1) if samples % count == 0)
        # What no tap reaches is padding, and stays 0.
        self.columns = np.zeros((self.shape[1], *kernel, self.at_once, *out_size), self.dtype)
        self.grad_columns = np.empty(self.columns.shape, self.dtype) if self.wanted[0] else None

    def forward(self, x: Array, weight: Array, bias: Array | None) -> Array:
        self.x, self.weight = by_channel(x), weight
        groups = self.conv.groups
        kernels = weight.reshape(groups, -1, self.depth)
        out = rows(self.y).reshape(groups, kernels.shape[1], -1)
        for start in range(0, len(x), self.at_once):
            columns = self._fill(start).reshape(groups, self.depth, -1)
            width = columns.shape[2]
            part = out[:, :, start * self.positions : start * self.positions + width]
            for group in range(groups):
                np.matmul(kernels[group], columns[group], out=part[group])
        return self._biased(bias)

    def backward(self, grad_y: Array) -> tuple[Array | None, Array | None, Array | None]:
        groups = self.conv.groups
        kernels = self.weight.reshape(groups, -1, self.depth)
        grad = rows(grad_y)
        grouped = grad.reshape(groups, kernels.shape[1], -1)
        sums = None if self.grad_weight is None else self.grad_weight.reshape(kernels.shape)
        if self.grad_x is not None:
            by_channel(self.grad_x).fill(0)
        for start in range(0, len(grad_y), self.at_once):
            width = self.at_once * self.positions
            part = grouped[:, :, start * self.positions : start * self.positions + width]
            if sums is not None:
                columns = self._fill(start).reshape(groups, self.depth, width)
                for group in range(groups):
                    if start:
                        sums[group] += part[group] @ columns[group].T
                    else:
                        np.matmul(part[group], columns[group].T, out=sums[group])
            if self.grad_columns is not None:
                spread = self.grad_columns.reshape(groups, self.depth, width)
                for group in range(groups):
                    np.matmul(kernels[group].T, part[group], out=spread[group])
                self._add_back(start)
        return self.grad_x, self.grad_weight, self._grad_bias(grad)

    def _fill(self, start: int) -> Array:
        """Columns of the samples from one on."""
        x = self.x[:, start : start + self.at_once]
        for at, outputs, inputs in self.taps:
            self.columns[(slice(None), *at, slice(None), *outputs)] = x[(..., *inputs)]
        return self.columns

    def _add_back(self, start: int) -> None:
        """Gradients of columns to where these came from."""
        assert self.grad_x is not None
        assert self.grad_columns is not None
        grad_x = by_channel(self.grad_x)[:, start : start + self.at_once]
        for at, outputs, inputs in self.taps:
            grad_x[(..., *inputs)] += self.grad_columns[(slice(None), *at, slice(None), *outputs)]


class _OfGradients(_Columns):
    """Without stride, columns of the output's gradient give both gradients.

    The input's gradient is the convolution of the output's with the kernel turned round; the weights' is the product of
    the same columns with the input as it lies.
    """

    name = "columns of gradients"

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        kernel, in_size = self.weight_shape[2:], self.shape[2:]
        parts = zip(kernel, self.conv.padding, self.conv.dilation, strict=True)
        around = tuple(((size - 1) * step - pad[0], 0) for size, pad, step in parts)
        turned = self.conv._replace(padding=around)
        self.taps_back = _taps(turned, self.out_shape[2:], kernel, in_size)
        self.grad_columns = np.zeros((self.out_shape[1], *kernel, self.at_once, *in_size), self.dtype)
        self.turn = (slice(None), slice(None), *(slice(None, None, -1) for _ in kernel))

    def backward(self, grad_y: Array) -> tuple[Array | None, Array | None, Array | None]:
        assert self.grad_x is not None
        assert self.grad_weight is not None
        assert self.grad_columns is not None
        c_out, c_in, *kernel = self.weight_shape
        depth = c_out * math.prod(kernel)
        turned = self.weight[self.turn].swapaxes(0, 1).reshape(c_in, depth)
        grad, x, grad_x = by_channel(grad_y), rows(self.x.swapaxes(0, 1)), rows(self.grad_x)
        positions = math.prod(self.shape[2:])
        sums = np.zeros((depth, c_in), self.dtype)
        for start in range(0, len(grad_y), self.at_once):
            part = grad[:, start : start + self.at_once]
            for at, outputs, inputs in self.taps_back:
                self.grad_columns[(slice(None), *at, slice(None), *outputs)] = part[(..., *inputs)]
            columns = self.grad_columns.reshape(depth, self.at_once * positions)
            here = slice(start * positions, (start + self.at_once) * positions)
            np.matmul(turned, columns, out=grad_x[:, here])
            sums += columns @ x[:, here].T
        self.grad_weight[...] = np.moveaxis(sums.reshape(c_out, *kernel, c_in), -1, 1)[self.turn]
        return self.grad_x, self.grad_weight, self._grad_bias(rows(grad_y)) if self.wanted[2] else None


class _CompiledDepthwise(_Base):
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
        return inside and compiled.is_installed()

    def forward(self, x: Array, weight: Array, bias: Array | None) -> Array:
        self.x, self.weight = np.ascontiguousarray(by_channel(x)), np.ascontiguousarray(weight[:, 0])
        self.forth.slide(by_channel(self.y), self.x, self.weight, self.frame, *self.before, 1)
        return self._biased(bias)

    def backward(self, grad_y: Array) -> tuple[Array | None, Array | None, Array | None]:
        grad = np.ascontiguousarray(by_channel(grad_y))
        if self.grad_x is not None:
            turned = np.ascontiguousarray(self.weight[:, ::-1, ::-1])
            self.back.slide(by_channel(self.grad_x), grad, turned, self.frame_back, *self.after, self.stride)
        if self.grad_weight is not None:
            self.forth.grad_weight(self.grad_weight[:, 0], grad, self.x, self.frame, self.sums, *self.before)
        return self.grad_x, self.grad_weight, self._grad_bias(rows(grad_y)) if self.wanted[2] else None


class _Depthwise(_Base):
    """A sum of shifted planes, a channel at a time."""

    name = "depthwise"

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.taps = _taps(self.conv, self.shape[2:], self.weight_shape[2:], self.out_shape[2:])
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
        return self._biased(bias)

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
        return self.grad_x, self.grad_weight, self._grad_bias(rows(grad_y)) if self.wanted[2] else None
