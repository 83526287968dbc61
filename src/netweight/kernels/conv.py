"""Convolution written two other ways: the seven plain loops, and im2col with one matrix product.

With the einsum form of ``netweight.ops.contract.conv`` they are three roads to the same numbers. In memory:
the loops need nothing but the output; im2col copies every window, ``k_h * k_w`` times the input for stride 1; the
einsum form reads a strided view and copies only to pad.

Shapes as in ``netweight.ops.contract.conv``; ``stride``, ``padding``, ``dilation``: an entry per spatial dimension.

Source: Chellapilla, Puri & Simard 2006, "High performance convolutional neural networks for document processing".
"""

from __future__ import annotations

import itertools
import math
from typing import Any, TypeAlias

from netweight.lazy import Array, np

Sizes: TypeAlias = tuple[int, ...]
Pads: TypeAlias = tuple[tuple[int, int], ...]

_NUMPY_MODES: dict[str, Any] = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def conv_loops(
    x: Array, weight: Array, bias: Array | None, *, stride: Sizes, padding: Pads, dilation: Sizes, groups: int,
    padding_mode: str = "zeros",
) -> tuple[Array, int]:  # fmt: skip
    """The definition, one multiplication at a time (seven loops in 2-D), and how many multiplications it did."""
    padded = _pad(x, padding, padding_mode)
    c_out, c_in_per_group, *kernel_size = weight.shape
    out_size = _out_size(padded.shape[2:], tuple(kernel_size), stride, dilation)
    y = np.zeros((x.shape[0], c_out, *out_size), x.dtype)
    macs = 0
    for n, o in np.ndindex(x.shape[0], c_out):
        first = o // (c_out // groups) * c_in_per_group
        for position in np.ndindex(*out_size):
            total = 0.0 if bias is None else bias[o]
            for c in range(c_in_per_group):
                for tap in np.ndindex(*kernel_size):
                    at = tuple(p * s + t * d for p, s, t, d in zip(position, stride, tap, dilation, strict=True))
                    total += weight[(o, c, *tap)] * padded[(n, first + c, *at)]
                    macs += 1
            y[(n, o, *position)] = total
    return y, macs


def im2col(
    x: Array, kernel_size: Sizes, *, stride: Sizes, padding: Pads, dilation: Sizes, padding_mode: str = "zeros"
) -> Array:
    """Every window as a column: (N, C_in, *kernel_size, *out), a copy of ``prod(kernel_size)`` times the positions."""
    padded = _pad(x, padding, padding_mode)
    out_size = _out_size(padded.shape[2:], kernel_size, stride, dilation)
    columns = np.empty((*x.shape[:2], *kernel_size, *out_size), x.dtype)
    for tap in itertools.product(*map(range, kernel_size)):
        columns[_column(tap)] = padded[_positions(tap, out_size, stride, dilation)]
    return columns


def col2im(
    columns: Array, in_size: Sizes, *, stride: Sizes, padding: Pads, dilation: Sizes, padding_mode: str = "zeros"
) -> Array:
    """Transpose of ``im2col``: every column entry is added back to the input position it was copied from."""
    n = len(stride)
    kernel_size, out_size = columns.shape[2 : 2 + n], columns.shape[2 + n :]
    padded_size = tuple(size + sum(pad) for size, pad in zip(in_size, padding, strict=True))
    padded = np.zeros((*columns.shape[:2], *padded_size), columns.dtype)
    for tap in itertools.product(*map(range, kernel_size)):
        padded[_positions(tap, out_size, stride, dilation)] += columns[_column(tap)]
    if padding_mode == "zeros":
        inside: Any = (..., *(slice(before, before + size) for size, (before, _) in zip(in_size, padding, strict=True)))
        return padded[inside]
    return _unpad(padded, in_size, padding, padding_mode)


def _unpad(padded: Array, in_size: Sizes, padding: Pads, mode: str) -> Array:
    """Transpose of ``_pad`` for modes that copy: where each padded position came from is a padded index plane."""
    plane = np.arange(math.prod(in_size)).reshape(1, 1, *in_size)
    source = _pad(plane, padding, mode).reshape(-1)
    x = np.zeros((*padded.shape[:2], math.prod(in_size)), padded.dtype)
    everywhere: Any = (slice(None), slice(None), source)
    np.add.at(x, everywhere, padded.reshape(*padded.shape[:2], math.prod(padded.shape[2:])))
    return x.reshape(*padded.shape[:2], *in_size)


def conv_im2col(
    x: Array, weight: Array, bias: Array | None, *, stride: Sizes, padding: Pads, dilation: Sizes, groups: int,
    padding_mode: str = "zeros",
) -> Array:  # fmt: skip
    """One matrix product per sample and group: (C_out / groups, taps) times (taps, positions)."""
    kernel_size = weight.shape[2:]
    columns = im2col(x, kernel_size, stride=stride, padding=padding, dilation=dilation, padding_mode=padding_mode)
    out_size = columns.shape[2 + len(kernel_size) :]
    taps = math.prod(weight.shape[1:])
    matrix = columns.reshape(x.shape[0], groups, taps, math.prod(out_size))
    y: Array = weight.reshape(groups, weight.shape[0] // groups, taps) @ matrix
    y = y.reshape(x.shape[0], weight.shape[0], *out_size)
    return y if bias is None else y + bias.reshape(-1, *(1,) * len(out_size))


def conv_im2col_backward(
    grad_y: Array, x: Array, weight: Array, bias: Array | None, *, stride: Sizes, padding: Pads, dilation: Sizes,
    groups: int, padding_mode: str = "zeros",
) -> tuple[Array, Array, Array | None]:  # fmt: skip
    """Gradients of ``x``, ``weight`` and ``bias``: two matrix products, then col2im."""
    kernel_size = weight.shape[2:]
    options: dict[str, Any] = {"stride": stride, "padding": padding, "dilation": dilation, "padding_mode": padding_mode}
    columns = im2col(x, kernel_size, **options)
    out_size = columns.shape[2 + len(kernel_size) :]
    c_out, taps, positions = weight.shape[0] // groups, math.prod(weight.shape[1:]), math.prod(out_size)
    matrix = columns.reshape(x.shape[0], groups, taps, positions)
    grads = grad_y.reshape(x.shape[0], groups, c_out, positions)
    grad_weight = (grads @ matrix.swapaxes(-1, -2)).sum(axis=0).reshape(weight.shape)
    grad_columns = weight.reshape(groups, c_out, taps).swapaxes(-1, -2) @ grads
    grad_x = col2im(grad_columns.reshape(columns.shape), x.shape[2:], **options)
    grad_bias = None if bias is None else grad_y.sum(axis=(0, *range(2, grad_y.ndim)))
    return grad_x, grad_weight, grad_bias


def _pad(x: Array, padding: Pads, mode: str) -> Array:
    for dim, pad in enumerate(padding, start=2):
        if any(pad):
            x = np.pad(x, [(0, 0)] * dim + [pad] + [(0, 0)] * (x.ndim - dim - 1), mode=_NUMPY_MODES[mode])
    return x


def _out_size(padded_size: Sizes, kernel_size: Sizes, stride: Sizes, dilation: Sizes) -> Sizes:
    parts = zip(padded_size, kernel_size, stride, dilation, strict=True)
    return tuple((size - d * (k - 1) - 1) // s + 1 for size, k, s, d in parts)


def _positions(tap: Sizes, out_size: Sizes, stride: Sizes, dilation: Sizes) -> tuple[Any, ...]:
    """Padded positions that one tap meets, one per output."""
    parts = zip(tap, out_size, stride, dilation, strict=True)
    return (..., *(slice(t * d, t * d + (size - 1) * s + 1, s) for t, size, s, d in parts))


def _column(tap: Sizes) -> tuple[Any, ...]:
    return (slice(None), slice(None), *tap)
