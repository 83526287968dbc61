"""Fourier transforms and what is multiplied around them.

ONNX has no complex numbers: a last dimension of two holds both parts, one of a single element a real number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from netweight.lazy import Array, np
from netweight.ops.algebra.fourier import FftAttrs, RfftAttrs
from netweight.ops.algebra.fourier_real import IrfftAttrs
from netweight.ops.arrays.dtypes import held_type
from netweight.ops.move.rearrange import PadAttrs
from netweight.ops.move.slicing import SliceAttrs
from netweight.ops.window.unfold import WindowViewAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.lower.common import axis_of, reshaped
from netweight.sources.onnx.numbers import dtype_of
from netweight.sources.onnx.tensor import Tensor

_AXIS_INPUT = 20
"""Opset from which on the axis is an input."""


@lowers("DFT")
def dft(call: Call, x: Tensor, dft_length: Tensor | None = None, axis: Tensor | None = None) -> Any:
    """The transform along one axis, after the input was cut or filled with zeros to the length asked for."""
    default = -2 if call.opset >= _AXIS_INPUT else 1
    dim = axis_of(call.attr("axis", default) if axis is None else axis.item(), x.rank)
    inverse, onesided = bool(call.attr("inverse", 0)), bool(call.attr("onesided", 0))
    size = int(dft_length.item()) if dft_length is not None else None
    if inverse and onesided:
        return _back_to_real(call, x, dim, size)
    signal = _numbers(call, x if size is None else _of_length(call, x, dim, size))
    if onesided and not signal.dtype.startswith("complex"):
        return call.op("view_as_real", None, call.op("rfft", RfftAttrs(dims=(dim,)), signal))
    y = call.op("fft", FftAttrs(dims=(dim,), inverse=inverse), signal)
    if onesided:
        y = call.op("slice", SliceAttrs(dim=dim, start=0, stop=y.shape[dim] // 2 + 1), y)
    return call.op("view_as_real", None, y)


def _back_to_real(call: Call, x: Tensor, dim: int, size: int | None) -> Any:
    whole = 2 * (x.shape[dim] - 1) if size is None else size
    half = _numbers(call, _of_length(call, x, dim, whole // 2 + 1))
    y = call.op("irfft", IrfftAttrs(dims=(dim,), size=whole), half)
    return reshaped(call, y, (*y.shape, 1))


def _numbers(call: Call, x: Tensor) -> Tensor:
    """Complex or real numbers, without the last dimension that holds their parts."""
    if x.shape[-1] == 1:
        return reshaped(call, x, x.shape[:-1])
    result: Tensor = call.op("view_as_complex", None, x)
    return result


def _of_length(call: Call, x: Tensor, dim: int, size: int) -> Tensor:
    """``x`` of that size along a dimension, cut or filled with zeros."""
    missing = size - x.shape[dim]
    if missing == 0:
        return x
    if missing < 0:
        return call.op("slice", SliceAttrs(dim=dim, start=0, stop=size), x)
    padding = tuple((0, missing if at == dim else 0) for at in range(x.rank))
    result: Tensor = call.op("pad", PadAttrs(padding=padding), x)
    return result


@lowers("STFT")
def stft(
    call: Call, signal: Tensor, frame_step: Tensor, window: Tensor | None = None, frame_length: Tensor | None = None
) -> Any:
    """Transforms of windows of a signal (N, length, 1 or 2)."""
    if frame_length is not None:
        size = int(frame_length.item())
    else:
        size = signal.shape[1] if window is None else window.shape[0]
    frames = WindowViewAttrs(dim=1, size=size, step=int(frame_step.item()))
    cut = call.op("window_view", frames, _numbers(call, signal))
    if window is not None:
        cut = call.op("mul", None, cut, window)
    if call.attr("onesided", 1) and not cut.dtype.startswith("complex"):
        return call.op("view_as_real", None, call.op("rfft", RfftAttrs(dims=(2,)), cut))
    y = call.op("fft", FftAttrs(dims=(2,)), cut)
    if call.attr("onesided", 1):
        y = call.op("slice", SliceAttrs(dim=2, start=0, stop=size // 2 + 1), y)
    return call.op("view_as_real", None, y)


@lowers("HannWindow")
def hann_window(call: Call, size: Tensor) -> Any:
    return _window(call, size, (0.5, 0.5, 0.0))


@lowers("HammingWindow")
def hamming_window(call: Call, size: Tensor) -> Any:
    return _window(call, size, (25 / 46, 21 / 46, 0.0))


@lowers("BlackmanWindow")
def blackman_window(call: Call, size: Tensor) -> Any:
    return _window(call, size, (0.42, 0.5, 0.08))


def _window(call: Call, size: Tensor, weights: tuple[float, float, float]) -> Any:
    """w0 - w1 cos(2 pi i / n) + w2 cos(4 pi i / n), n one less if the window is to be symmetric."""
    count = int(size.item())
    period = max(count if call.attr("periodic", 1) else count - 1, 1)

    def numbers() -> Array:
        angle = 2 * math.pi * np.arange(count) / period
        found: Array = weights[0] - weights[1] * np.cos(angle) + weights[2] * np.cos(2 * angle)
        return found

    return _constant(call, (count,), numbers)


def _constant(call: Call, shape: tuple[int, ...], numbers: Callable[[], Array]) -> Tensor:
    dtype = dtype_of(call.attr("output_datatype", 1), "output_datatype")
    return call.made(shape, dtype, lambda: numbers().astype(held_type(dtype)))


@lowers("MelWeightMatrix")
def mel_weights(call: Call, bins: Tensor, length: Tensor, rate: Tensor, lowest: Tensor, highest: Tensor) -> Any:
    """Triangles of equal width on the mel scale, over the frequencies of a transform: (length // 2 + 1, bins).

    Source: the ONNX reference of the operator.
    """
    count, size = int(bins.item()), int(length.item())
    ends = [2595 * math.log10(1 + edge.item() / 700) for edge in (lowest, highest)]
    return _constant(call, (size // 2 + 1, count), lambda: _triangles(count, size, rate.item(), ends))


def _triangles(count: int, size: int, rate: float, ends: Sequence[float]) -> Array:
    mel = ends[0] + np.arange(count + 2) * (ends[1] - ends[0]) / (count + 2)
    edges = ((size + 1) * 700 * (10 ** (mel / 2595) - 1) // rate).astype(int)
    numbers = np.zeros((size // 2 + 1, count))
    for at, (left, center, right) in enumerate(zip(edges, edges[1:], edges[2:], strict=False)):
        rising, falling = np.arange(left, center + 1), np.arange(center, right)
        numbers[rising, at] = (rising - left) / (center - left) if center > left else 1.0
        numbers[falling, at] = (right - falling) / (right - center)
    return numbers
