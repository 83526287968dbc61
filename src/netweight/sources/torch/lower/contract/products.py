"""Convolution, linear layers, matrix products, attention, distances."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.functions.contract import blas, products
from netweight.functions.contract import conv as convolutions
from netweight.functions.contract.attention import scaled_dot_product_attention
from netweight.functions.contract.conv_transpose import conv_transpose as transposed_conv
from netweight.functions.contract.deform_conv import deform_conv
from netweight.ops.pointwise.unary import ClampAttrs
from netweight.ops.reduce.reduction import ReduceAttrs
from netweight.sources.torch.lower import bind, lowers
from netweight.sources.torch.lower.common import over, scaled
from netweight.sources.torch.lower.move.layout import cat, transposed, unbatched, unsqueeze
from netweight.sources.torch.lower.pointwise.complex import conj
from netweight.sources.torch.lower.pointwise.elementwise import mul, sub
from netweight.sources.torch.lower.reduce.reduction import vector_norm
from netweight.sources.torch.recorder import Recorder

_EUCLIDEAN = 2
_FEW = 25  # vectors up to which PyTorch takes differences


@lowers("conv1d", "conv2d", "conv3d")
def conv(
    rec: Recorder, input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Any:  # fmt: skip
    """PyTorch's ``conv1d``.

    conv1d(Tensor input, Tensor weight, Tensor? bias=None, SymInt[1] stride=[1], SymInt[1] padding=[0], SymInt[1]
        dilation=[1], SymInt groups=1) -> Tensor
    """
    if input.dim() == weight.dim() - 1:
        return unbatched(rec, input, lambda x: conv(rec, x, weight, bias, stride, padding, dilation, groups))
    return convolutions.conv(rec, input, weight, bias, stride, padding, dilation, groups)


@lowers("convolution", "_convolution")
def convolution(
    rec: Recorder, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any, dilation: Any,
    transposed: bool, output_padding: Any, groups: int, *_: bool,
) -> Any:  # fmt: skip
    """PyTorch's ``convolution``.

    convolution(Tensor input, Tensor weight, Tensor? bias, SymInt[] stride, SymInt[] padding, SymInt[] dilation,
        bool transposed, SymInt[] output_padding, SymInt groups) -> Tensor
    """
    if transposed:
        return conv_transpose(rec, input, weight, bias, stride, padding, output_padding, groups, dilation)
    return conv(rec, input, weight, bias, stride, padding, dilation, groups)


@lowers("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def conv_transpose(
    rec: Recorder, input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0,
    output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Any:  # fmt: skip
    """PyTorch's ``conv_transpose1d``.

    conv_transpose1d(Tensor input, Tensor weight, Tensor? bias=None, SymInt[1] stride=[1], SymInt[1] padding=[0],
        SymInt[1] output_padding=[0], SymInt groups=1, SymInt[1] dilation=[1]) -> Tensor
    """
    if input.dim() == weight.dim() - 1:
        again = (weight, bias, stride, padding, output_padding, groups, dilation)
        return unbatched(rec, input, lambda x: conv_transpose(rec, x, *again))
    return transposed_conv(rec, input, weight, bias, stride, padding, output_padding, groups, dilation)


bind(products.linear)
bind(products.matmul, "matmul", "bmm", "mm", "mv", "dot")
bind(blas.addmm, "addmm", "baddbmm", "addmv")
bind(blas.addbmm)


@lowers("scaled_dot_product_attention")
def attention(
    rec: Recorder, query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, dropout_p: float = 0.0,
    is_causal: bool = False, *, scale: float | None = None, enable_gqa: bool = False,
) -> Any:  # fmt: skip
    """Attention; ``enable_gqa`` follows from the number of key heads.

    With dropout PyTorch has no kernel for it on a CPU: it is what it is made of, scores and probabilities in memory.
    """
    if dropout_p > 0:
        return NotImplemented
    return scaled_dot_product_attention(rec, query, key, value, mask=attn_mask, is_causal=is_causal, scale=scale)


@lowers("vdot", "linalg_vecdot")
def vecdot(rec: Recorder, x: Tensor, y: Tensor, *, dim: int = -1) -> Any:
    """Products with the conjugate of the first, added up along a dimension."""
    if x.dim() == 1 and y.dim() == 1:
        return products.matmul(rec, conj(rec, x), y)
    product = mul(rec, conj(rec, x), y)
    dims = (dim % product.dim(),) if product.dim() else ()
    return rec.op("sum", ReduceAttrs(dims=dims), product)


@lowers("cdist", "_cdist_forward")
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
    product = products.matmul(rec, rows, transposed(rec, columns))
    return over(rec, over(rec, product, "clamp", attrs=ClampAttrs(min=0.0, max=None)), "sqrt")


def _square_of_length(rec: Recorder, x: Tensor) -> Tensor:
    square = rec.op("square", None, x)
    result: Tensor = rec.op("sum", ReduceAttrs(dims=(x.dim() - 1,), keepdim=True), square)
    return result


@lowers("addr")
def addr(rec: Recorder, self: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Any:
    """``addr(Tensor self, Tensor vec1, Tensor vec2, *, Scalar beta=1, Scalar alpha=1) -> Tensor``."""
    return blas.plus(rec, mul(rec, unsqueeze(rec, vec1, -1), vec2), self, alpha, beta)


@lowers("torchvision.deform_conv2d")
def deform_conv2d(
    rec: Recorder, input: Tensor, weight: Tensor, offset: Tensor, mask: Tensor, bias: Tensor,
    stride_h: int, stride_w: int, pad_h: int, pad_w: int, dilation_h: int, dilation_w: int, groups: int,
    offset_groups: int, use_mask: bool,
) -> Any:  # fmt: skip
    """Where a call has no bias, torchvision makes one of zeros."""
    given = rec.is_symbolic(bias) or bool(bias.any())
    return deform_conv(
        rec, input, offset, weight, bias if given else None, (stride_h, stride_w), (pad_h, pad_w),
        (dilation_h, dilation_w), groups, mask if use_mask else None,
    )  # fmt: skip
