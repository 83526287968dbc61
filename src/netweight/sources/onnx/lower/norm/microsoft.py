"""Normalisation and activations that ONNX Runtime fuses in diffusion models and transformers.

Source: ONNX Runtime, operators GroupNorm, SkipGroupNorm, BiasSplitGelu and BiasSoftmax of com.microsoft, version 1.
"""

from __future__ import annotations

import math
from typing import Any

from netweight.errors import FormatError
from netweight.functions.norm.group_norm import group_norm
from netweight.ops.norm.softmax import SoftmaxAttrs
from netweight.ops.pointwise.activation_smooth import GeluAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.lower.common import axis_of, cast_to, reshaped
from netweight.sources.onnx.lower.contract.fused import from_first, to_first
from netweight.sources.onnx.lower.parts import cut
from netweight.sources.onnx.tensor import Tensor

_MICROSOFT = "com.microsoft"


@lowers(f"{_MICROSOFT}.GroupNorm")
def fused_group_norm(call: Call, x: Tensor, gamma: Tensor, beta: Tensor) -> Any:
    """Groups of channels, which come last unless the node says that they come second; then SiLU if it says so."""
    last = bool(call.attr("channels_last", 1))
    inside = to_first(call, x) if last else x
    scale, shift = cast_to(call, gamma, x.dtype), cast_to(call, beta, x.dtype)
    y = group_norm(call, inside, call.need("groups"), scale, shift, call.attr("epsilon", 1e-5))
    y = from_first(call, y) if last else y
    match call.attr("activation", 0):
        case 0:
            return y
        case 1:
            return call.op("silu", None, y)
        case other:
            raise FormatError(f"{call.node.op_type}: expected an activation of 0 or 1, got {other}")


@lowers(f"{_MICROSOFT}.SkipGroupNorm")
def skip_group_norm(
    call: Call, x: Tensor, gamma: Tensor, beta: Tensor, skip: Tensor, bias: Tensor | None = None
) -> Any:
    """The same of the sum of two branches, and of a bias per channel; the sum is the second output."""
    channel = x.rank - 1 if call.attr("channels_last", 1) else 1
    whole = call.op("add", None, x, _per_channel(call, skip, x.rank, channel))
    if bias is not None:
        whole = call.op("add", None, whole, _per_channel(call, bias, x.rank, channel))
    return fused_group_norm(call, whole, gamma, beta), whole


def _per_channel(call: Call, tensor: Tensor, rank: int, channel: int) -> Tensor:
    """A number per channel, or one per sample and channel, shaped to broadcast; a whole tensor as it is."""
    if tensor.rank > 2:
        return tensor
    shape = [1] * rank
    shape[channel] = tensor.shape[-1]
    if tensor.rank == 2:
        shape[0] = tensor.shape[0]
    return reshaped(call, tensor, shape)


@lowers(f"{_MICROSOFT}.BiasSplitGelu")
def bias_split_gelu(call: Call, x: Tensor, bias: Tensor) -> Any:
    """With the bias added: the left half of the features, times GELU of the right half."""
    whole = call.op("add", None, x, bias)
    dim, half = x.rank - 1, x.shape[-1] // 2
    left, right = cut(call, whole, dim, 0, half), cut(call, whole, dim, half, 2 * half)
    return call.op("mul", None, left, call.op("gelu", GeluAttrs(approximate="none"), right))


@lowers(f"{_MICROSOFT}.BiasSoftmax")
def bias_softmax(call: Call, x: Tensor, bias: Tensor) -> Any:
    """Softmax of a sum, over all dimensions from one on."""
    axis = axis_of(call.attr("axis", 1), x.rank)
    whole = call.op("add", None, x, bias)
    flat = reshaped(call, whole, (*x.shape[:axis], math.prod(x.shape[axis:])))
    return reshaped(call, call.op("softmax", SoftmaxAttrs(dim=axis), flat), x.shape)


@lowers(f"{_MICROSOFT}.GemmFastGelu")
def gemm_fast_gelu(call: Call, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Any:
    """A product, plus a bias, through the approximation of GELU with tanh."""
    y = call.op("matmul", None, x, weight)
    y = y if bias is None else call.op("add", None, y, bias)
    return call.op("gelu", GeluAttrs(approximate="tanh"), y)
