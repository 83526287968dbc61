"""Convolution and matrix products."""

from __future__ import annotations

from typing import Any

from netweight.errors import FormatError
from netweight.functions.contract.blas import plus
from netweight.ops.arrays.padding import Pads, resolve_padding
from netweight.ops.contract.conv import ConvAttrs
from netweight.ops.contract.conv_transpose import ConvTransposeAttrs
from netweight.ops.contract.deform_conv import DeformConvAttrs
from netweight.ops.move.rearrange import PadAttrs
from netweight.ops.move.slicing import ConcatAttrs, SliceAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.lower.common import reshaped, transposed
from netweight.sources.onnx.tensor import Tensor


def window_pads(call: Call, in_size: Any, kernel: Any, strides: Any, dilations: Any) -> Pads:
    """Padding of a window, as ``pads`` or ``auto_pad`` say."""
    n = len(in_size)
    auto = call.attr("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        return resolve_padding(auto.lower(), tuple(in_size), tuple(kernel), tuple(strides), tuple(dilations))
    pads = call.attr("pads") or (0,) * (2 * n)
    return tuple(zip(pads[:n], pads[n:], strict=True))


def strides_and_dilations(call: Call, n: int) -> tuple[Any, Any]:
    """Steps between windows and between taps, ones unless the node says others."""
    return call.attr("strides") or (1,) * n, call.attr("dilations") or (1,) * n


def conv_attrs(call: Call, x: Tensor, w: Tensor) -> ConvAttrs:
    """Attributes of a convolution.

    Raises:
        FormatError: If the kernel is said to have other sizes than the weight.
    """
    kernel = kernel_of(call, w)
    strides, dilations = strides_and_dilations(call, len(kernel))
    return ConvAttrs(
        stride=strides,
        padding=window_pads(call, x.shape[2:], kernel, strides, dilations),
        dilation=dilations,
        groups=call.attr("group", 1),
    )


def kernel_of(call: Call, w: Tensor) -> tuple[int, ...]:
    """Sizes of the kernel that a weight has.

    Raises:
        FormatError: If the node says others.
    """
    kernel = w.shape[2:]
    said = call.attr("kernel_shape") or kernel
    if tuple(said) != kernel:
        raise FormatError(f"{call.node.op_type}: expected kernel_shape {kernel} as the weight has, got {said}")
    return kernel


@lowers("Conv")
def conv(call: Call, x: Tensor, w: Tensor, b: Tensor | None = None) -> Any:
    return call.op("conv", conv_attrs(call, x, w), x, w, b)


@lowers("ConvTranspose")
def conv_transpose(call: Call, x: Tensor, w: Tensor, b: Tensor | None = None) -> Any:
    kernel = kernel_of(call, w)
    strides, dilations = strides_and_dilations(call, len(kernel))
    extra = call.attr("output_padding") or (0,) * len(kernel)
    pads, extra = _transposed_pads(call, x.shape[2:], kernel, strides, dilations, extra)
    attrs = ConvTransposeAttrs(
        stride=strides, padding=pads, output_padding=extra, dilation=dilations, groups=call.attr("group", 1)
    )
    return call.op("conv_transpose", attrs, x, w, b)


def _transposed_pads(
    call: Call, in_size: Any, kernel: Any, strides: Any, dilations: Any, extra: Any
) -> tuple[Pads, tuple[int, ...]]:
    """What is cut off the output, and what is added to it, so that it has the size asked for.

    The odd element is cut off after for ``SAME_UPPER``, before otherwise. Where the windows reach less far than an
    ``output_shape``, ``output_padding`` grows; where less far than ``SAME`` says, the result is as large as they reach.
    """
    auto, wanted = call.attr("auto_pad", "NOTSET"), call.attr("output_shape")
    asked = wanted is not None
    if not asked and auto in ("SAME_UPPER", "SAME_LOWER"):
        wanted = [size * step for size, step in zip(in_size, strides, strict=True)]
    if wanted is None:
        return window_pads(call, in_size, kernel, strides, dilations), tuple(extra)
    pads, grown = [], []
    for size, k, step, d, more, target in zip(
        in_size, kernel, strides, dilations, extra, wanted[-len(kernel) :], strict=True
    ):
        surplus = step * (size - 1) + more + d * (k - 1) + 1 - target
        less, rest = max(surplus, 0) // 2, max(surplus, 0) - max(surplus, 0) // 2
        pads.append((less, rest) if auto == "SAME_UPPER" else (rest, less))
        grown.append(more + (max(-surplus, 0) if asked else 0))
    return tuple(pads), tuple(grown)


@lowers("DeformConv")
def deform_conv(
    call: Call, x: Tensor, w: Tensor, offset: Tensor, b: Tensor | None = None, mask: Tensor | None = None
) -> Any:
    plain = conv_attrs(call, x, w)
    attrs = DeformConvAttrs(
        stride=plain.stride,
        padding=plain.padding,
        dilation=plain.dilation,
        groups=plain.groups,
        offset_groups=call.attr("offset_group", 1),
    )
    return call.op("deform_conv", attrs, x, w, offset, mask, b)


@lowers("CausalConvWithState", "com.microsoft.CausalConvWithState")
def causal_conv(call: Call, x: Tensor, w: Tensor, b: Tensor | None = None, past: Tensor | None = None) -> Any:
    """Each output sees its own step and those before it; the last of them are the state of the next call."""
    before = w.shape[2] - 1
    if past is None:
        whole = call.op("pad", PadAttrs(padding=((0, 0), (0, 0), (before, 0))), x) if before else x
    else:
        whole = call.op("concat", ConcatAttrs(dim=2), past, x)
    attrs = ConvAttrs(stride=(1,), padding=((0, 0),), dilation=(1,), groups=x.shape[1])
    y = call.op("conv", attrs, whole, w, b)
    if call.attr("activation", "none") in ("silu", "swish"):
        y = call.op("silu", None, y)
    if not call.wants(1):
        return y
    length = whole.shape[2]
    return y, call.op("slice", SliceAttrs(dim=2, start=length - before, stop=length), whole)


@lowers("MatMul")
def matmul(call: Call, a: Tensor, b: Tensor) -> Any:
    return call.op("matmul", None, a, b)


@lowers("Gemm")
def gemm(call: Call, a: Tensor, b: Tensor, c: Tensor | None = None) -> Any:
    """alpha * a @ b + beta * c; a linear layer where that is one."""
    alpha, beta = call.attr("alpha", 1.0), call.attr("beta", 1.0)
    if call.attr("transA", 0):
        a = transposed(call, a)
    out_features = b.shape[0] if call.attr("transB", 0) else b.shape[1]
    as_bias = c is None or (beta == 1.0 and c.shape in ((out_features,), (1, out_features)))
    if alpha == 1.0 and as_bias and b.fixed:
        weight = b if call.attr("transB", 0) else transposed(call, b)
        return call.op("linear", None, a, weight, None if c is None else reshaped(call, c, (out_features,)))
    product = matmul(call, a, transposed(call, b) if call.attr("transB", 0) else b)
    return plus(call, product, c, alpha, beta)
