"""Transposed convolution in one, two or three dimensions: the adjoint of ``conv`` with zero padding.

Shapes
    x       (N, C_in, *in)
    weight  (C_in, C_out / groups, *kernel_size)
    bias    (C_out,) or None
    y       (N, C_out, *out)

In the einsum strings below (two spatial dimensions): n batch, g group, c input channel of the group, o output channel
of the group, h w input position, i j kernel tap.
    forward      ngchw,   gcoij -> ngohwij, then added tap by tap to the output
    grad_weight  ngohwij, ngchw -> gcoij
    grad_x       ngohwij, gcoij -> ngchw

Source: Dumoulin & Visin, "A guide to convolution arithmetic" (2016), relationship 14;
torch.nn.functional.conv_transpose2d.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from netweight.count import product, total
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.dims import merged, split
from netweight.ops.arrays.fast_types import widened
from netweight.ops.arrays.padding import Pads, pad_array, unpad_gradient
from netweight.ops.arrays.windows import Sizes, add_windows, span_of, windows
from netweight.ops.dims import named_shape
from netweight.ops.extent import Extent, Spreads
from netweight.ops.table import FREE, Cost, Wanted, define


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvTransposeAttrs:
    """Attributes of a transposed convolution, one entry per spatial dimension.

    Attributes:
        stride: Output elements between the windows of neighbouring inputs.
        padding: Elements cut off (before, after) each spatial dimension of the output.
        output_padding: Elements added after each spatial dimension of the output, before ``padding`` cuts: the sizes
            that a strided convolution maps to the same input size are told apart by it.
        dilation: Step between kernel taps, in output elements.
        groups: Number of independent convolutions, side by side along the channels.
    """

    stride: Sizes
    padding: Pads
    output_padding: Sizes
    dilation: Sizes
    groups: int = 1


def conv_transpose_shape(
    attrs: ConvTransposeAttrs, x: TensorSpec, weight: TensorSpec, bias: TensorSpec | None
) -> TensorSpec:
    """Each spatial size becomes (size - 1) * stride + span - padding + output_padding."""
    rank = len(attrs.stride) + 2
    if len(x.shape) != rank or len(weight.shape) != rank:
        raise ShapeError(
            f"conv_transpose: expected x and weight with 2 + {rank - 2} dimensions, got {x.shape} and {weight.shape}"
        )
    n, c_in, *in_size = x.shape
    if c_in != weight.shape[0] or c_in % attrs.groups:
        raise ShapeError(
            f"conv_transpose: expected in_channels = weight.shape[0], divisible by groups, "
            f"got {c_in}, {weight.shape[0]} and groups {attrs.groups}"
        )
    c_out = weight.shape[1] * attrs.groups
    if bias is not None and bias.shape != (c_out,):
        raise ShapeError(f"conv_transpose: expected bias of shape ({c_out},), got {bias.shape}")
    _check_window(attrs, weight.shape[2:])
    uncut = _uncut_sizes(attrs, tuple(in_size), weight.shape[2:])
    out_size = tuple(size - sum(pad) for size, pad in zip(uncut, attrs.padding, strict=True))
    if min((*in_size, *out_size)) < 1:
        raise ShapeError(
            f"conv_transpose: expected output sizes of at least 1, got {out_size} for input size {tuple(in_size)} "
            f"with padding {attrs.padding}"
        )
    return TensorSpec((n, c_out, *out_size), x.dtype)


def conv_transpose_cost(attrs: ConvTransposeAttrs, x: TensorSpec, weight: TensorSpec, bias: TensorSpec | None) -> Cost:
    """Each input element meets every weight of its channel, also where ``padding`` cuts the product off.

    The bias is one add per output element.
    """
    y = conv_transpose_shape(attrs, x, weight, bias)
    factors = {**named_shape(x, "n c_in *in"), **named_shape(weight, "c_in c_out/groups *k")}
    return Cost(macs=product(factors), adds=0 if bias is None else product(named_shape(y, "n c_out *out")))


def conv_transpose_forward(attrs: ConvTransposeAttrs, x: Array, weight: Array, bias: Array | None) -> Array:
    """Every input element times every weight, added where its window lies; then the padding is cut off."""
    hw, ij = _letters(weight)
    x, weight, back = widened(x, weight, tuple(range(weight.ndim)))
    taps = np.einsum(f"ngc{hw},gco{ij}->ngo{hw}{ij}", _grouped(attrs, x), _grouped_weight(attrs, weight))
    taps = merged(taps, 1, 3)
    uncut = _uncut_sizes(attrs, x.shape[2:], weight.shape[2:])
    summed = add_windows(taps, (*taps.shape[:2], *uncut), attrs.stride, attrs.dilation)
    out_size = tuple(size - sum(pad) for size, pad in zip(uncut, attrs.padding, strict=True))
    y = back(unpad_gradient(summed, out_size, attrs.padding))
    return y if bias is None else y + bias.reshape(-1, *(1,) * (y.ndim - 2))


def conv_transpose_backward(
    attrs: ConvTransposeAttrs, grad_y: Array, x: Array, weight: Array, bias: Array | None
) -> tuple[Array, Array, Array | None]:
    """Gradients of ``x`` (an ordinary convolution of ``grad_y``), ``weight`` and ``bias``."""
    hw, ij = _letters(weight)
    padded = _grouped(attrs, pad_array(grad_y, attrs.padding))
    grad_windows = windows(padded, weight.shape[2:], attrs.stride, attrs.dilation, x.shape[2:])
    grad_x = np.einsum(f"ngo{hw}{ij},gco{ij}->ngc{hw}", grad_windows, _grouped_weight(attrs, weight))
    grad_weight = np.einsum(f"ngo{hw}{ij},ngc{hw}->gco{ij}", grad_windows, _grouped(attrs, x))
    grad_bias = None if bias is None else grad_y.sum(axis=(0, *range(2, grad_y.ndim)))
    return grad_x.reshape(x.shape), grad_weight.reshape(weight.shape), grad_bias


def conv_transpose_backward_cost(
    attrs: ConvTransposeAttrs, wanted: Wanted, x: TensorSpec, weight: TensorSpec, bias: TensorSpec | None
) -> Cost:
    """As many MACs as the forward for the gradient of ``x``, and as many for that of ``weight``.

    Products with what the padding cut off count. The gradient of ``bias`` is one add per output element.
    """
    if not any(wanted):
        return FREE
    grad_x, grad_weight, grad_bias = wanted
    forward = conv_transpose_cost(attrs, x, weight, bias)
    return Cost(macs=total([forward.macs] * (grad_x + grad_weight)), adds=forward.adds if grad_bias else 0)


def conv_transpose_extent(
    attrs: ConvTransposeAttrs, _x: TensorSpec, weight: TensorSpec, _bias: TensorSpec | None
) -> Extent:
    """The windows of span / stride neighbouring inputs, rounded up, cover an output position."""
    span = span_of(weight.shape[2:], attrs.dilation)
    taps = tuple(-(-reach // step) for reach, step in zip(span, attrs.stride, strict=True))
    return Spreads(taps, tuple(Fraction(step) for step in attrs.stride))


def _check_window(attrs: ConvTransposeAttrs, kernel_size: Sizes) -> None:
    if min((*kernel_size, *attrs.stride, *attrs.dilation)) < 1:
        raise ShapeError(
            f"conv_transpose: expected kernel_size, stride and dilation of at least 1, "
            f"got kernel_size {kernel_size}, stride {attrs.stride}, dilation {attrs.dilation}"
        )
    limits = tuple(map(max, attrs.stride, attrs.dilation))
    if any(not 0 <= amount < limit for amount, limit in zip(attrs.output_padding, limits, strict=True)):
        raise ShapeError(
            f"conv_transpose: expected output_padding of at least 0 and below the larger of stride and dilation "
            f"{limits}, got {attrs.output_padding}"
        )


def _uncut_sizes(attrs: ConvTransposeAttrs, in_size: Sizes, kernel_size: Sizes) -> Sizes:
    """Output sizes with the padding still on: every window of every input, and the output_padding."""
    span = span_of(kernel_size, attrs.dilation)
    parts = zip(in_size, attrs.stride, span, attrs.output_padding, strict=True)
    return tuple((size - 1) * step + reach + more for size, step, reach, more in parts)


def _letters(weight: Array) -> tuple[str, str]:
    """Einsum letters of the input positions and of the kernel taps."""
    n = weight.ndim - 2
    return "hwd"[:n], "ijk"[:n]


def _grouped(attrs: ConvTransposeAttrs, x: Array) -> Array:
    """View (N, C, ...) as (N, groups, C / groups, ...)."""
    return split(x, 1, attrs.groups)


def _grouped_weight(attrs: ConvTransposeAttrs, weight: Array) -> Array:
    """View ``weight`` as (groups, C_in / groups, C_out / groups, *kernel_size)."""
    return split(weight, 0, attrs.groups)


CONV_TRANSPOSE = define(
    name="conv_transpose",
    kind="conv",
    attrs=ConvTransposeAttrs,
    inputs=("x", "weight", "bias"),
    shape=conv_transpose_shape,
    cost=conv_transpose_cost,
    forward=conv_transpose_forward,
    backward=conv_transpose_backward,
    backward_cost=conv_transpose_backward_cost,
    saves={"x": ("weight",), "weight": ("x",)},
    extent=conv_transpose_extent,
    dims={"x": "n c_in *in", "weight": "c_in c_out/groups *k", "bias": "c_out", "y": "n c_out *out"},
)
