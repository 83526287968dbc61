"""Windows laid side by side, and added back together: what turns convolution into a matrix product, and back.

Shapes
    unfold       x (N, C, *in)             y (N, C * kernel elements, *out)
    fold         x (N, C * kernel elements, *out)  y (N, C, *output_size)
    window_view  x (..., size, ...)        y (..., windows, ..., window)

PyTorch has the windows of unfold and fold flattened to one dimension, a view of this; apart, they keep their
neighbours, and with them their receptive field.

Source: torch.nn.functional.unfold and fold (im2col and col2im); torch.Tensor.unfold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.dims import merged
from netweight.ops.arrays.padding import Pads, pad_array, unpad_gradient
from netweight.ops.arrays.windows import Sizes, add_windows, out_sizes, span_of, windows
from netweight.ops.dims import check_dims, kernel_dims, out_dims
from netweight.ops.extent import Extent, Permutes, Slides, Spreads
from netweight.ops.move.define import define_move
from netweight.ops.table import FREE, Cost, Wanted, copied, define


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfoldAttrs:
    """Attributes of sliding windows, one entry per spatial dimension.

    Attributes:
        kernel_size: Elements of the window.
        stride: Step between windows.
        padding: Zeros added (before, after) each spatial dimension.
        dilation: Step between the elements of a window.
    """

    kernel_size: Sizes
    stride: Sizes
    padding: Pads
    dilation: Sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldAttrs(UnfoldAttrs):
    """Attributes of the way back from windows, beside those of the windows.

    Attributes:
        output_size: Spatial sizes that the windows were cut from.
    """

    output_size: Sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowViewAttrs:
    """Attributes of windows along one dimension.

    Attributes:
        dim: The dimension.
        size: Elements of a window.
        step: Step between windows.
    """

    dim: int
    size: int
    step: int = 1


def unfold_shape(attrs: UnfoldAttrs, x: TensorSpec) -> TensorSpec:
    """A channel per element of the window, a position per window."""
    if len(x.shape) != len(attrs.kernel_size) + 2:
        raise ShapeError(f"unfold: expected x with 2 + {len(attrs.kernel_size)} dimensions, got {x.shape}")
    out_size = _windows_of("unfold", attrs, x.shape[2:])
    return TensorSpec((x.shape[0], x.shape[1] * math.prod(attrs.kernel_size), *out_size), x.dtype)


def unfold_forward(attrs: UnfoldAttrs, x: Array) -> Array:
    """y[n, c k + tap, window] = x[n, c, window * stride + tap * dilation - padding]."""
    out_size = _windows_of("unfold", attrs, x.shape[2:])
    return _to_channels(windows(pad_array(x, attrs.padding), attrs.kernel_size, attrs.stride, attrs.dilation, out_size))


def unfold_backward(attrs: UnfoldAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """Every tap's gradient is added to the element it was read from."""
    return (_added(attrs, grad_y, x.shape[2:]),)


def unfold_backward_cost(attrs: UnfoldAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """One add per element of every window."""
    return Cost(adds=product(outputs=unfold_shape(attrs, x).numel)) if any(wanted) else FREE


def unfold_extent(attrs: UnfoldAttrs, _x: TensorSpec) -> Extent:
    """A window of the kernel's size."""
    return Slides(attrs.kernel_size, attrs.stride, attrs.dilation)


def fold_shape(attrs: FoldAttrs, x: TensorSpec) -> TensorSpec:
    """The sizes that the windows were cut from."""
    taps = math.prod(attrs.kernel_size)
    out_size = _windows_of("fold", attrs, attrs.output_size)
    if x.shape[2:] != out_size or len(x.shape) < 2 or x.shape[1] % taps:
        listed = ", ".join(map(str, out_size))
        raise ShapeError(f"fold: expected x (N, C * {taps}, {listed}), got {x.shape}")
    return TensorSpec((x.shape[0], x.shape[1] // taps, *attrs.output_size), x.dtype)


def fold_cost(attrs: FoldAttrs, x: TensorSpec) -> Cost:
    """One addition per element of every window, padding included."""
    n, c, *_ = fold_shape(attrs, x).shape
    return Cost(adds=product({"n": n, "c": c, **kernel_dims(attrs.kernel_size), **out_dims(x.shape[2:])}))


def fold_forward(attrs: FoldAttrs, x: Array) -> Array:
    """Every element of every window is added to its place."""
    return _added(attrs, x, attrs.output_size)


def fold_backward(attrs: FoldAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """The windows of the gradient."""
    return (unfold_forward(attrs, grad_y).reshape(x.shape),)


def fold_extent(attrs: FoldAttrs, _x: TensorSpec) -> Extent:
    """The windows of span / stride neighbouring inputs, rounded up, cover an output position."""
    span = span_of(attrs.kernel_size, attrs.dilation)
    taps = tuple(-(-reach // step) for reach, step in zip(span, attrs.stride, strict=True))
    return Spreads(taps, tuple(map(Fraction, attrs.stride)))


def window_view_shape(attrs: WindowViewAttrs, x: TensorSpec) -> TensorSpec:
    """Windows in the place of the dimension, their elements last."""
    check_dims("window_view", x.shape, attrs.dim)
    if not 1 <= attrs.size <= x.shape[attrs.dim] or attrs.step < 1:
        raise ShapeError(
            f"window_view: expected 1 <= size <= {x.shape[attrs.dim]} and step of at least 1, "
            f"got size {attrs.size} and step {attrs.step}"
        )
    count = (x.shape[attrs.dim] - attrs.size) // attrs.step + 1
    return TensorSpec((*x.shape[: attrs.dim], count, *x.shape[attrs.dim + 1 :], attrs.size), x.dtype)


def window_view_forward(attrs: WindowViewAttrs, x: Array) -> Array:
    """Every window that fits, nothing copied."""
    view = np.lib.stride_tricks.sliding_window_view(x, attrs.size, axis=attrs.dim)
    return view[(*(slice(None),) * attrs.dim, slice(None, None, attrs.step))]


def window_view_backward(attrs: WindowViewAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """Every element collects the gradients of the windows it is in."""
    taps = np.moveaxis(grad_y, attrs.dim, -2)
    sizes = (*taps.shape[:-2], x.shape[attrs.dim])
    return (np.moveaxis(add_windows(taps, sizes, (attrs.step,), (1,)), -1, attrs.dim),)


def window_view_backward_cost(attrs: WindowViewAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """One add per element of every window."""
    return Cost(adds=product(outputs=window_view_shape(attrs, x).numel)) if any(wanted) else FREE


def window_view_extent(attrs: WindowViewAttrs, x: TensorSpec) -> Extent:
    """One position each. Both new dimensions run along the old one: what mixes either then sees all of it."""
    return Permutes((*range(len(x.shape)), attrs.dim))


def _windows_of(op: str, attrs: UnfoldAttrs, in_size: Sizes) -> Sizes:
    if min((amount for pad in attrs.padding for amount in pad), default=0) < 0:
        raise ShapeError(f"{op}: expected padding of at least 0, got {attrs.padding}")
    return out_sizes(op, in_size, attrs.kernel_size, attrs.stride, attrs.padding, attrs.dilation)


def _to_channels(views: Array) -> Array:
    """(N, C, *out, *k) as (N, C * taps, *out)."""
    n = (views.ndim - 2) // 2
    order = (0, 1, *range(2 + n, 2 + 2 * n), *range(2, 2 + n))
    return merged(views.transpose(order), 1, 2 + n).copy()


def _added(attrs: UnfoldAttrs, channels: Array, size: Sizes) -> Array:
    """Transpose of the windows of a plane of that size."""
    n = len(size)
    out_size = channels.shape[2:]
    c = channels.shape[1] // math.prod(attrs.kernel_size)
    apart = channels.reshape(channels.shape[0], c, *attrs.kernel_size, *out_size)
    order = (0, 1, *range(2 + n, 2 + 2 * n), *range(2, 2 + n))
    padded = tuple(length + sum(pad) for length, pad in zip(size, attrs.padding, strict=True))
    summed = add_windows(apart.transpose(order), (*apart.shape[:2], *padded), attrs.stride, attrs.dilation)
    return unpad_gradient(summed, size, attrs.padding)


UNFOLD = define_move(
    name="unfold",
    attrs=UnfoldAttrs,
    shape=unfold_shape,
    forward=unfold_forward,
    backward=unfold_backward,
    backward_cost=unfold_backward_cost,
    extent=unfold_extent,
    dims={"x": "n c *in", "y": "n c*k *out"},
)

FOLD = define(
    name="fold",
    kind="reduce",
    attrs=FoldAttrs,
    shape=fold_shape,
    cost=fold_cost,
    forward=fold_forward,
    backward=fold_backward,
    backward_cost=copied,
    extent=fold_extent,
    dims={"x": "n c*k *in", "y": "n c *out"},
)

WINDOW_VIEW = define_move(
    name="window_view",
    attrs=WindowViewAttrs,
    shape=window_view_shape,
    forward=window_view_forward,
    backward=window_view_backward,
    backward_cost=window_view_backward_cost,
    view=True,
    extent=window_view_extent,
)
