"""Sums of products: convolution, products of matrices, attention. Weights are given."""

from __future__ import annotations

import math

from netweight.errors import ShapeError
from netweight.functions.recorder import Recorder, T, layer_named, per_dim
from netweight.ops.arrays.padding import PaddingAmount, PaddingMode, resolve_padding
from netweight.ops.contract.attention import AttentionAttrs
from netweight.ops.contract.conv import ConvAttrs
from netweight.ops.contract.conv_transpose import ConvTransposeAttrs
from netweight.ops.contract.deform_conv import DeformConvAttrs
from netweight.ops.contract.einsum import EinsumAttrs, canonical_equation
from netweight.ops.pointwise.scalar import ScalarAttrs
from netweight.ops.reduce.reduction import ReduceAttrs

# Layers of the builder make the weights of the others.
__all__ = ["einsum", "matmul", "scaled_dot_product_attention"]

PerDim = int | tuple[int, ...]
"""One number for all spatial dimensions, or one for each."""


def conv(
    rec: Recorder, x: T, weight: T, bias: T | None = None, stride: PerDim = 1, padding: PaddingAmount = 0,
    dilation: PerDim = 1, groups: int = 1, padding_mode: PaddingMode = "zeros",
) -> T:  # fmt: skip
    """Convolution of (N, C_in, *in) with (C_out, C_in / groups, *kernel), of as many dimensions as the kernel has."""
    kernel = rec.spec(weight).shape[2:]
    steps, spread = per_dim(stride, len(kernel)), per_dim(dilation, len(kernel))
    pads = resolve_padding(padding, rec.spec(x).shape[2:], kernel, steps, spread)
    attrs = ConvAttrs(stride=steps, padding=pads, dilation=spread, groups=groups, padding_mode=padding_mode)
    return rec.op("conv", attrs, x, weight, bias)


def conv_transpose(
    rec: Recorder, x: T, weight: T, bias: T | None = None, stride: PerDim = 1, padding: PaddingAmount = 0,
    output_padding: PerDim = 0, groups: int = 1, dilation: PerDim = 1,
) -> T:  # fmt: skip
    """Transposed convolution of (N, C_in, *in) with (C_in, C_out / groups, *kernel)."""
    if isinstance(padding, str):
        raise ShapeError(f"conv_transpose: expected padding as a number or a tuple, got {padding!r}")
    kernel = rec.spec(weight).shape[2:]
    steps, spread = per_dim(stride, len(kernel)), per_dim(dilation, len(kernel))
    attrs = ConvTransposeAttrs(
        stride=steps,
        padding=resolve_padding(padding, rec.spec(x).shape[2:], kernel, steps, spread),
        output_padding=per_dim(output_padding, len(kernel)),
        dilation=spread,
        groups=groups,
    )
    return rec.op("conv_transpose", attrs, x, weight, bias)


def deform_conv(
    rec: Recorder, x: T, offset: T, weight: T, bias: T | None = None, stride: PerDim = 1, padding: PerDim = 0,
    dilation: PerDim = 1, groups: int = 1, mask: T | None = None,
) -> T:  # fmt: skip
    """Two-dimensional convolution whose taps are moved by offsets, which say how many groups of them there are."""
    kernel = rec.spec(weight).shape[2:]
    steps, spread = per_dim(stride, 2), per_dim(dilation, 2)
    attrs = DeformConvAttrs(
        stride=steps,
        padding=resolve_padding(per_dim(padding, 2), rec.spec(x).shape[2:], kernel, steps, spread),
        dilation=spread,
        groups=groups,
        offset_groups=max(rec.spec(offset).shape[1] // (2 * math.prod(kernel)), 1),  # the shape rule refuses the rest
    )
    return rec.op("deform_conv", attrs, x, weight, offset, mask, bias)


def linear(rec: Recorder, x: T, weight: T, bias: T | None = None) -> T:
    """x weightᵀ + bias over the last dimension."""
    return rec.op("linear", None, x, weight, bias)


def bilinear(rec: Recorder, x1: T, x2: T, weight: T, bias: T | None = None) -> T:
    """x1ᵀ weight x2 + bias per output feature."""
    return rec.op("bilinear", None, x1, x2, weight, bias)


def matmul(rec: Recorder, a: T, b: T) -> T:
    """Matrix product over the last two dimensions, the others broadcast; also ``a @ b``."""
    return rec.op("matmul", None, a, b)


def einsum(rec: Recorder, equation: str, *xs: T) -> T:
    """Einstein sum: ``einsum("bhqe,bhke->bhqk", query, key)``.

    Args:
        rec: Where it is recorded.
        equation: As PyTorch and NumPy accept it, an ellipsis having equal sizes everywhere.
        *xs: One tensor or more, contracted from left to right.

    Raises:
        ShapeError: If the equation does not fit the tensors.
    """
    if not xs:
        raise ShapeError("einsum: expected at least one tensor, got none")
    attrs = EinsumAttrs(equation=canonical_equation(equation, [len(rec.spec(x).shape) for x in xs]))
    return rec.op("einsum", attrs, *xs)


@layer_named("attention")
def scaled_dot_product_attention(
    rec: Recorder, query: T, key: T, value: T, *, mask: T | None = None, is_causal: bool = False,
    scale: float | None = None,
) -> T:  # fmt: skip
    """softmax(query keyᵀ * scale + mask) value.

    Args:
        rec: Where it is recorded.
        query: (*batch, H, L, E).
        key: (*batch, H_kv, S, E), H a multiple of H_kv.
        value: (*batch, H_kv, S, E_v).
        mask: Broadcastable to (*batch, H, L, S); booleans say where to attend, numbers are added.
        is_causal: Query l sees keys 0 to l.
        scale: Factor of the scores; 1 / sqrt(E) unless given.
    """
    if scale is None:
        scale = 1 / math.sqrt(max(1, *rec.spec(query).shape[-1:]))
    attrs = AttentionAttrs(scale=float(scale), is_causal=is_causal)
    return rec.op("scaled_dot_product_attention", attrs, query, key, value, mask)


def scaled(rec: Recorder, x: T, factor: float) -> T:
    """``factor * x``; nothing for a factor of one."""
    return x if factor == 1 else rec.op("mul_scalar", ScalarAttrs(value=float(factor)), x)


def plus(rec: Recorder, product: T, x: T | None, alpha: float, beta: float) -> T:
    """alpha * product + beta * x: what BLAS does after a product. Nothing is added for a ``beta`` of zero."""
    product = scaled(rec, product, alpha)
    return product if x is None or beta == 0 else rec.op("add", None, product, scaled(rec, x, beta))


def addmm(rec: Recorder, x: T, a: T, b: T, *, beta: float = 1, alpha: float = 1) -> T:
    """beta * x + alpha * a @ b, of matrices, batches of them, or a matrix and a vector."""
    return plus(rec, matmul(rec, a, b), x, alpha, beta)


def addbmm(rec: Recorder, x: T, a: T, b: T, *, beta: float = 1, alpha: float = 1) -> T:
    """beta * x + alpha times the sum of the products of a batch."""
    return plus(rec, rec.op("sum", ReduceAttrs(dims=(0,)), matmul(rec, a, b)), x, alpha, beta)
