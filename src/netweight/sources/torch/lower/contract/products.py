"""Convolution, linear layers, matrix products, attention, embedding."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from netweight.functions.recorder import per_dim
from netweight.ops.arrays.padding import Pads, resolve_padding
from netweight.ops.contract.attention import AttentionAttrs
from netweight.ops.contract.conv import ConvAttrs
from netweight.ops.contract.conv_transpose import ConvTransposeAttrs
from netweight.ops.pointwise.unary import ClampAttrs
from netweight.ops.reduce.reduction import ReduceAttrs
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.common import over, scaled
from netweight.sources.torch.lower.move.layout import cat, transposed, unbatched, unsqueeze
from netweight.sources.torch.lower.pointwise.elementwise import add, mul, sub
from netweight.sources.torch.lower.reduce.reduction import vector_norm

if TYPE_CHECKING:
    from netweight.sources.torch.recorder import Recorder

_EUCLIDEAN = 2
_FEW = 25  # vectors up to which PyTorch takes differences


@lowers("conv1d", "conv2d", "conv3d")
def conv(
    rec: Recorder, input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Any:  # fmt: skip
    n = weight.dim() - 2
    if input.dim() == n + 1:
        return unbatched(rec, input, lambda x: conv(rec, x, weight, bias, stride, padding, dilation, groups))
    steps, spread = per_dim(stride, n), per_dim(dilation, n)
    kernel, size = tuple(weight.shape[2:]), tuple(input.shape[2:])
    amounts: Pads = resolve_padding(
        padding if isinstance(padding, str) else per_dim(padding, n), size, kernel, steps, spread
    )
    attrs = ConvAttrs(stride=steps, padding=amounts, dilation=spread, groups=groups)
    return rec.op("conv", attrs, input, weight, bias)


@lowers("convolution", "_convolution")
def convolution(
    rec: Recorder, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any,
    transposed: bool, output_padding: Any, groups: int, *_: bool,
) -> Any:  # fmt: skip
    if transposed:
        return conv_transpose(rec, input, weight, bias, stride, padding, output_padding, groups, dilation)
    return conv(rec, input, weight, bias, stride, padding, dilation, groups)


@lowers("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def conv_transpose(
    rec: Recorder, input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Any:  # fmt: skip
    n = weight.dim() - 2
    if input.dim() == n + 1:
        again = (weight, bias, stride, padding, output_padding, groups, dilation)
        return unbatched(rec, input, lambda x: conv_transpose(rec, x, *again))
    attrs = ConvTransposeAttrs(
        stride=per_dim(stride, n),
        padding=tuple((p, p) for p in per_dim(padding, n)),
        output_padding=per_dim(output_padding, n),
        dilation=per_dim(dilation, n),
        groups=groups,
    )
    return rec.op("conv_transpose", attrs, input, weight, bias)


@lowers("linear")
def linear(rec: Recorder, input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Any:
    return rec.op("linear", None, input, weight, bias)


@lowers("matmul", "bmm", "mm", "mv", "dot")
def matmul(rec: Recorder, input: Tensor, other: Tensor) -> Any:
    return rec.op("matmul", None, input, other)


@lowers("addmm", "baddbmm", "addmv")
def addmm(rec: Recorder, input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Any:

    product = scaled(rec, rec.op("matmul", None, mat1, mat2), alpha)
    return add(rec, product, scaled(rec, input, beta))


@lowers("scaled_dot_product_attention")
def attention(
    rec: Recorder, query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, dropout_p: float = 0.0,
    is_causal: bool = False, *, scale: float | None = None, enable_gqa: bool = False,
) -> Any:  # fmt: skip
    factor = 1 / math.sqrt(query.shape[-1]) if scale is None else float(scale)
    attrs = AttentionAttrs(is_causal=is_causal, scale=factor)
    # The fused kernels write (N, L, H, E), so that joining the heads again is a view.
    order = (0, 2, 1, 3) if query.dim() == 4 else None
    return rec.op("scaled_dot_product_attention", attrs, query, key, value, attn_mask, order=order)


@lowers("bilinear")
def bilinear(rec: Recorder, input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Any:
    return rec.op("bilinear", None, input1, input2, weight, bias)


@lowers("vdot", "linalg_vecdot")
def vecdot(rec: Recorder, x: Tensor, y: Tensor, *, dim: int = -1) -> Any:
    """Products, added up along a dimension."""
    if x.dtype.is_complex:
        return NotImplemented
    product = mul(rec, x, y)
    return rec.op("sum", ReduceAttrs(dims=(dim % product.dim(),)), product)


@lowers("cdist")
def cdist(rec: Recorder, x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: int | None = None) -> Any:
    """Lengths of all differences; PyTorch has matrix products for many vectors, whose work is counted with them."""
    many = max(x1.shape[-2], x2.shape[-2]) > _FEW
    if p == _EUCLIDEAN and (compute_mode == 1 or (many and compute_mode in (None, 0))):
        return NotImplemented
    return vector_norm(rec, sub(rec, unsqueeze(rec, x1, -2), unsqueeze(rec, x2, -3)), p, -1)


@lowers("_euclidean_dist")
def euclidean_dist(rec: Recorder, x1: Tensor, x2: Tensor) -> Any:
    """sqrt(x1² - 2 x1 x2 + x2²) as one product of matrices with two more columns each, as PyTorch does it."""
    squares = [_square_of_length(rec, x) for x in (x1, x2)]
    ones = [torch.ones(square.shape, dtype=square.dtype) for square in squares]
    rows = cat(rec, [scaled(rec, x1, -2), squares[0], ones[0]], -1)
    columns = cat(rec, [x2, ones[1], squares[1]], -1)
    product = matmul(rec, rows, transposed(rec, columns))
    return over(rec, over(rec, product, "clamp", attrs=ClampAttrs(min=0.0, max=None)), "sqrt")


def _square_of_length(rec: Recorder, x: Tensor) -> Tensor:
    square = rec.op("square", None, x)
    result: Tensor = rec.op("sum", ReduceAttrs(dims=(x.dim() - 1,), keepdim=True), square)
    return result


@lowers("addr")
def addr(rec: Recorder, self: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Any:

    product = scaled(rec, mul(rec, unsqueeze(rec, vec1, -1), vec2), alpha)
    return product if beta == 0 else add(rec, product, scaled(rec, self, beta))


@lowers("addbmm")
def addbmm(rec: Recorder, self: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Any:
    """Products of matrices, added up."""
    products = rec.op("matmul", None, batch1, batch2)
    total = scaled(rec, rec.op("sum", ReduceAttrs(dims=(0,)), products), alpha)
    return total if beta == 0 else add(rec, total, scaled(rec, self, beta))
