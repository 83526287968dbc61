"""Convolution in one, two or three dimensions: grouped, depthwise, strided, dilated, padded in any mode.

Shapes
    x       (N, C_in, *in)
    weight  (C_out, C_in / groups, *kernel_size)
    bias    (C_out,) or None
    y       (N, C_out, *out)

In the einsum strings below (two spatial dimensions): n batch, g group, c input channel of the group, o output channel
of the group, h w output position, i j kernel tap.
    forward      ngchwij, gocij -> ngohw
    grad_weight  ngchwij, ngohw -> gocij
    grad_x       ngohw,   gocij -> ngchwij, then added back tap by tap

Source: Dumoulin & Visin, "A guide to convolution arithmetic" (2016), relationship 6; torch.nn.functional.conv2d.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.count import product, total
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.dims import split
from netweight.ops.arrays.fast_types import widened
from netweight.ops.arrays.padding import PaddingMode, Pads, check_padding, pad_array, unpad_cost, unpad_gradient
from netweight.ops.arrays.windows import Sizes, add_windows, out_sizes, windows
from netweight.ops.dims import kernel_dims, out_dims
from netweight.ops.extent import Extent, Slides
from netweight.ops.table import FREE, Cost, Wanted, define


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvAttrs:
    """Attributes of a convolution, one entry per spatial dimension.

    Attributes:
        stride: Step between output positions, in input elements.
        padding: Elements added (before, after) each spatial dimension.
        dilation: Step between kernel taps, in input elements.
        groups: Number of independent convolutions, side by side along the channels.
        padding_mode: What the added elements are.
    """

    stride: Sizes
    padding: Pads
    dilation: Sizes
    groups: int = 1
    padding_mode: PaddingMode = "zeros"


def conv_shape(attrs: ConvAttrs, x: TensorSpec, weight: TensorSpec, bias: TensorSpec | None) -> TensorSpec:
    """Each spatial size becomes floor((size + padding - span) / stride) + 1."""
    if len(x.shape) != len(weight.shape) or len(x.shape) != len(attrs.stride) + 2:
        raise ShapeError(
            f"conv: expected x and weight with 2 + {len(attrs.stride)} dimensions, got {x.shape} and {weight.shape}"
        )
    n, c_in, *_ = x.shape
    c_out, c_in_per_group, *_ = weight.shape
    if c_in != c_in_per_group * attrs.groups:
        raise ShapeError(
            f"conv: expected in_channels = weight.shape[1] * groups, got {c_in} != {c_in_per_group} * {attrs.groups}"
        )
    if c_out % attrs.groups:
        raise ShapeError(
            f"conv: expected out_channels divisible by groups, got {c_out} % {attrs.groups} = {c_out % attrs.groups}"
        )
    if bias is not None and bias.shape != (c_out,):
        raise ShapeError(f"conv: expected bias of shape ({c_out},), got {bias.shape}")
    check_padding("conv", x.shape[2:], attrs.padding, attrs.padding_mode)
    out_size = out_sizes("conv", x.shape[2:], weight.shape[2:], attrs.stride, attrs.padding, attrs.dilation)
    return TensorSpec((n, c_out, *out_size), x.dtype)


def conv_cost(attrs: ConvAttrs, x: TensorSpec, weight: TensorSpec, bias: TensorSpec | None) -> Cost:
    """One MAC per output element and kernel tap of its group; the bias is one add per output element."""
    n, c_out, *out_size = conv_shape(attrs, x, weight, bias).shape
    _, c_in_per_group, *kernel_size = weight.shape
    taps = kernel_dims(tuple(kernel_size))
    positions = out_dims(tuple(out_size))
    return Cost(
        macs=product({"n": n, "c_out": c_out, "c_in/groups": c_in_per_group, **taps, **positions}),
        adds=0 if bias is None else product({"n": n, "c_out": c_out, **positions}),
    )


def conv_forward(attrs: ConvAttrs, x: Array, weight: Array, bias: Array | None) -> Array:
    """Slide ``weight`` over ``x``."""
    hw, ij = _letters(weight)
    x, weight, back = widened(x, weight, tuple(range(1, weight.ndim)))
    grouped_y = np.einsum(f"ngc{hw}{ij},goc{ij}->ngo{hw}", _windows(attrs, x, weight), _grouped(attrs, weight))
    y: Array = back(grouped_y.reshape(x.shape[0], weight.shape[0], *grouped_y.shape[3:]))
    return y if bias is None else y + _per_channel(bias, y)


def conv_backward(
    attrs: ConvAttrs, grad_y: Array, x: Array, weight: Array, bias: Array | None
) -> tuple[Array, Array, Array | None]:
    """Gradients of ``x``, ``weight`` and ``bias``."""
    hw, ij = _letters(weight)
    grouped_grad_y = split(grad_y, 1, attrs.groups)
    grad_weight = np.einsum(f"ngc{hw}{ij},ngo{hw}->goc{ij}", _windows(attrs, x, weight), grouped_grad_y)
    grad_windows = np.einsum(f"ngo{hw},goc{ij}->ngc{hw}{ij}", grouped_grad_y, _grouped(attrs, weight))
    grad_bias = None if bias is None else grad_y.sum(axis=(0, *range(2, grad_y.ndim)))
    return _add_windows(attrs, grad_windows, x), grad_weight.reshape(weight.shape), grad_bias


def conv_backward_cost(
    attrs: ConvAttrs, wanted: Wanted, x: TensorSpec, weight: TensorSpec, bias: TensorSpec | None
) -> Cost:
    """As many MACs as the forward for the gradient of ``x``, and as many for that of ``weight``.

    Dense: what ends up in the padding counts, as in transposed convolution. The gradient of ``bias`` is one add per
    output element; padding that copies takes an add per copy.
    """
    if not any(wanted):
        return FREE
    grad_x, grad_weight, grad_bias = wanted
    forward = conv_cost(attrs, x, weight, bias)
    cost = Cost(macs=total([forward.macs] * (grad_x + grad_weight)), adds=forward.adds if grad_bias else 0)
    return cost + unpad_cost(x.shape, attrs.padding, attrs.padding_mode) if grad_x else cost


def conv_extent(attrs: ConvAttrs, _x: TensorSpec, weight: TensorSpec, _bias: TensorSpec | None) -> Extent:
    """A window of the kernel's size."""
    return Slides(weight.shape[2:], attrs.stride, attrs.dilation)


def _letters(weight: Array) -> tuple[str, str]:
    """Einsum letters of the output positions and of the kernel taps."""
    n = weight.ndim - 2
    return "hwd"[:n], "ijk"[:n]


def _per_channel(bias: Array, y: Array) -> Array:
    return bias.reshape(-1, *(1,) * (y.ndim - 2))


def _grouped(attrs: ConvAttrs, weight: Array) -> Array:
    """View ``weight`` as (groups, C_out / groups, C_in / groups, *kernel_size)."""
    return split(weight, 0, attrs.groups)


def _windows(attrs: ConvAttrs, x: Array, weight: Array) -> Array:
    """View ``x`` as (N, groups, C_in / groups, *out, *kernel_size), copying only to pad."""
    kernel_size = weight.shape[2:]
    out_size = out_sizes("conv", x.shape[2:], kernel_size, attrs.stride, attrs.padding, attrs.dilation)
    padded = pad_array(x, attrs.padding, attrs.padding_mode)
    grouped = split(padded, 1, attrs.groups)
    return windows(grouped, kernel_size, attrs.stride, attrs.dilation, out_size)


def _add_windows(attrs: ConvAttrs, grad_windows: Array, x: Array) -> Array:
    """Transpose of ``_windows``: add every window back where it was taken from."""
    padded_size = tuple(size + sum(pad) for size, pad in zip(x.shape[2:], attrs.padding, strict=True))
    taps = grad_windows.reshape(*x.shape[:2], *grad_windows.shape[3:])
    padded = add_windows(taps, (*x.shape[:2], *padded_size), attrs.stride, attrs.dilation)
    return unpad_gradient(padded, x.shape[2:], attrs.padding, attrs.padding_mode)


CONV = define(
    name="conv",
    kind="conv",
    attrs=ConvAttrs,
    inputs=("x", "weight", "bias"),
    shape=conv_shape,
    cost=conv_cost,
    forward=conv_forward,
    backward=conv_backward,
    backward_cost=conv_backward_cost,
    saves={"x": ("weight",), "weight": ("x",)},
    extent=conv_extent,
    dims={"x": "n c_in *in", "weight": "c_out c_in/groups *k", "bias": "c_out", "y": "n c_out *out"},
)
