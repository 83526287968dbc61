"""Convolutions: of real numbers, of integers, and of real numbers with weights of integers."""

from __future__ import annotations

from typing import Any

from netweight.errors import FormatError
from netweight.ops.arrays.padding import Pads, resolve_padding
from netweight.ops.contract.conv import ConvAttrs
from netweight.sources.onnx.lower.common import cast_to
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers
from netweight.sources.tflite.lower.contract.hybrid import real_weight
from netweight.sources.tflite.lower.layout import flat, from_first, moved, to_first
from netweight.sources.tflite.lower.scales import activated, is_quantized, need, requantized, zero_of
from netweight.sources.tflite.tensors import weigh


def steps(call: TfliteCall, *names: str) -> tuple[int, ...]:
    """Strides or dilations, by the names of the settings.

    Raises:
        FormatError: If one is below 1.
    """
    found = tuple(call.option(name, 1) for name in names)
    if min(found) < 1:
        raise FormatError(f"{call.kind}: expected {', '.join(names)} of at least 1, got {found}")
    return found


def window_pads(
    call: TfliteCall, in_size: tuple[int, ...], kernel: tuple[int, ...], stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> Pads:  # fmt: skip
    """Padding of a window, as the call says; that of SAME has the odd element after."""
    word = call.word("padding", "Padding")
    return resolve_padding("same_upper" if word == "SAME" else "valid", in_size, kernel, stride, dilation)


@lowers("CONV_2D")
def conv_2d(call: TfliteCall, x: Tensor, w: Tensor, b: Tensor | None = None) -> Any:
    """x (N, H, W, C_in), w (C_out, k_h, k_w, C_in / groups)."""
    _check_ranks(call, x, w, 4)
    weigh(w, call.ins[1])
    groups = _groups(call, x.shape[3], w.shape[3])
    return _convolved(call, x, _channels_first(call, w, (0, 3, 1, 2)), b, groups, ("h", "w"))


@lowers("DEPTHWISE_CONV_2D")
def depthwise_conv_2d(call: TfliteCall, x: Tensor, w: Tensor, b: Tensor | None = None) -> Any:
    """x (N, H, W, C_in), w (1, k_h, k_w, C_out): each channel by itself, into C_out / C_in."""
    _check_ranks(call, x, w, 4)
    if w.shape[0] != 1:
        raise FormatError(f"{call.kind}: expected a weight of shape (1, k_h, k_w, C_out), got {w.shape}")
    weigh(w, call.ins[1])
    return _convolved(call, x, _channels_first(call, w, (3, 0, 1, 2)), b, x.shape[3], ("h", "w"))


@lowers("CONV_3D")
def conv_3d(call: TfliteCall, x: Tensor, w: Tensor, b: Tensor | None = None) -> Any:
    """x (N, D, H, W, C_in), w (k_d, k_h, k_w, C_in / groups, C_out)."""
    _check_ranks(call, x, w, 5)
    groups = _groups(call, x.shape[4], w.shape[3])
    return _convolved(call, x, _channels_first(call, w, (4, 3, 0, 1, 2)), b, groups, ("d", "h", "w"))


def _convolved(
    call: TfliteCall, x: Tensor, w: Tensor, b: Tensor | None, groups: int, letters: tuple[str, ...]
) -> Tensor:
    """The convolution, channels second."""
    stride = steps(call, *(f"stride_{letter}" for letter in letters))
    dilation = steps(call, *(f"dilation_{letter}_factor" for letter in letters))
    x = to_first(call, x)
    padding = window_pads(call, x.shape[2:], w.shape[2:], stride, dilation)
    attrs = ConvAttrs(stride=stride, padding=padding, dilation=dilation, groups=groups)
    if is_quantized(call.ins[0]):
        return from_first(call, _of_integers(call, attrs, x, w, b))
    if b is not None:
        b.role = "parameter" if b.stored else b.role
    return from_first(call, activated(call, call.op("conv", attrs, x, real_weight(call, w, 1, 0), b)))


def _of_integers(call: TfliteCall, attrs: ConvAttrs, x: Tensor, w: Tensor, b: Tensor | None) -> Tensor:
    """Integers times integers, the bias, and back to the integers of the result."""
    info, weight = call.ins[0], call.ins[1]
    assert info is not None  # the input was given
    assert weight is not None  # and the weight
    sums = call.op("integer_conv", attrs, x, w, zero_of(call, info), zero_of(call, weight))
    sums = with_bias(call, sums, b, 1)
    scale = [need(info).scale[0] * each for each in need(weight).scale]
    return requantized(call, sums, scale, 1)


def with_bias(call: TfliteCall, sums: Tensor, b: Tensor | None, dim: int) -> Tensor:
    """Sums plus a bias for each position of a dimension."""
    if b is None:
        return sums
    weigh(b, call.ins[2])
    if b.spec.numel != sums.shape[dim]:
        raise FormatError(f"{call.kind}: expected a bias of {sums.shape[dim]} numbers, got {b.shape}")
    bias = flat(call, b, (-1 if not b.spec.numel else b.spec.numel, *(1,) * (sums.rank - dim - 1)))
    result: Tensor = call.op("add", None, cast_to(call, sums, b.dtype), bias)
    return result


def _channels_first(call: TfliteCall, w: Tensor, order: tuple[int, ...]) -> Tensor:
    """A weight as the table has it: (C_out, C_in / groups, kernel)."""
    found = moved(call, w, order)
    if found is not w and w.stored:
        found.role, found.quantization = w.role, w.quantization
    return found


def _groups(call: TfliteCall, channels: int, each: int) -> int:
    if not each or channels % each:
        raise FormatError(f"{call.kind}: expected a number of channels that {each} divides, got {channels}")
    return max(channels // each, 1)


def _check_ranks(call: TfliteCall, x: Tensor, w: Tensor, rank: int) -> None:
    if x.rank != rank or w.rank != rank:
        raise FormatError(f"{call.kind}: expected x and weight of {rank} dimensions, got {x.shape} and {w.shape}")
