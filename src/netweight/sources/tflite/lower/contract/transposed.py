"""Transposed convolutions, whose output size is an input."""

from __future__ import annotations

from typing import Any

from netweight.errors import FormatError
from netweight.ops.contract.conv_transpose import ConvTransposeAttrs
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers
from netweight.sources.tflite.lower.contract.conv import steps
from netweight.sources.tflite.lower.contract.hybrid import real_weight
from netweight.sources.tflite.lower.layout import from_first, moved, to_first
from netweight.sources.tflite.lower.scales import activated, is_quantized, quantized, real
from netweight.sources.tflite.tensors import weigh


@lowers("TRANSPOSE_CONV")
def transpose_conv(call: TfliteCall, size: Tensor, w: Tensor, x: Tensor, b: Tensor | None = None) -> Any:
    """size (4,), w (C_out, k_h, k_w, C_in), x (N, H, W, C_in)."""
    return _transposed(call, (size, w, x, b), (3, 0, 1, 2), ("h", "w"), 0)


@lowers("CONV_3D_TRANSPOSE")
def conv_3d_transpose(call: TfliteCall, size: Tensor, w: Tensor, x: Tensor, b: Tensor | None = None) -> Any:
    """size (5,), w (k_d, k_h, k_w, C_out, C_in), x (N, D, H, W, C_in)."""
    return _transposed(call, (size, w, x, b), (4, 3, 0, 1, 2), ("d", "h", "w"), 3)


def _transposed(
    call: TfliteCall, tensors: tuple[Any, ...], order: tuple[int, ...], letters: tuple[str, ...], scaled: int
) -> Any:
    """The convolution that ``w`` is moved into, channels second; ``scaled`` is the dimension that may have scales."""
    size, w, x, b = tensors
    weigh(w, call.ins[1])
    stride = steps(call, *(f"stride_{letter}" for letter in letters))
    weight = moved(call, w, order)
    if weight is not w and w.stored:
        weight.role, weight.quantization = w.role, w.quantization
    info = call.ins[1]
    if info is not None and is_quantized(info):
        weight = real_weight(call, weight, 1, order.index(scaled))
    inside = to_first(call, real(call, x, 2))
    attrs = _attrs(call, inside.shape[2:], size.ints()[1:-1], weight.shape[2:], stride)
    bias = None if b is None else _bias(call, b)
    y: Tensor = activated(call, call.op("conv_transpose", attrs, inside, weight, bias))
    return from_first(call, quantized(call, y))


def _bias(call: TfliteCall, b: Tensor) -> Tensor:
    weigh(b, call.ins[3])
    return real_weight(call, b, 3, 0)


def _attrs(
    call: TfliteCall, in_size: tuple[int, ...], out: tuple[int, ...], kernel: tuple[int, ...], stride: tuple[int, ...]
) -> ConvTransposeAttrs:
    """Padding as that of the convolution from the output back to the input; what is beyond it is added after.

    Raises:
        FormatError: If the output has another number of dimensions.
    """
    if len(out) != len(in_size):
        raise FormatError(f"{call.kind}: expected {len(in_size)} spatial sizes, got {out}")
    same = call.word("padding", "Padding") == "SAME"
    pads, more = [], []
    for size, wanted, k, step in zip(in_size, out, kernel, stride, strict=True):
        reach = (size - 1) * step + k
        total = max(reach - wanted, 0) if same else 0
        before = total // 2
        after = max(reach - before - wanted, 0)
        pads.append((before, after))
        more.append(wanted - (reach - before - after))
    ones = (1,) * len(kernel)
    return ConvTransposeAttrs(stride=stride, padding=tuple(pads), output_padding=tuple(more), dilation=ones)
