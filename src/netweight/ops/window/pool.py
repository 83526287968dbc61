"""Largest and smallest element of windows of one, two or three spatial dimensions.

Shapes
    x        (N, C, *in)
    y        (N, C, *out)
    indices  (N, C, *out), positions in the flattened plane of ``x``

Source: torch.nn.functional.max_pool2d.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.dims import merged
from netweight.ops.arrays.padding import Pads, pad_array
from netweight.ops.arrays.windows import Sizes, out_sizes, span_of, windows
from netweight.ops.dims import out_dims
from netweight.ops.extent import Extent, Slides
from netweight.ops.table import FREE, Cost, Wanted, define


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolAttrs:
    """Attributes of a pooling window, one entry per spatial dimension.

    Attributes:
        kernel_size: Elements of the window.
        stride: Step between windows.
        padding: Elements added (before, after) each spatial dimension; a maximum or minimum never picks them.
        dilation: Step between the elements of a window.
        ceil_mode: Round the output size up; a last window that starts in the padding is dropped.
    """

    kernel_size: Sizes
    stride: Sizes
    padding: Pads
    dilation: Sizes
    ceil_mode: bool = False


def pool_spec(
    op: str, x: TensorSpec, kernel_size: Sizes, stride: Sizes, padding: Pads, dilation: Sizes, *, ceil_mode: bool
) -> TensorSpec:
    """Spec of what any pooling over sliding windows returns."""
    if len(x.shape) != len(kernel_size) + 2:
        raise ShapeError(f"{op}: expected x with 2 + {len(kernel_size)} dimensions, got {x.shape}")
    out_size = out_sizes(op, x.shape[2:], kernel_size, stride, padding, dilation, ceil_mode=ceil_mode)
    span = span_of(kernel_size, dilation)
    if any(not 0 <= amount < reach for pad, reach in zip(padding, span, strict=True) for amount in pad):
        raise ShapeError(f"{op}: expected padding of at least 0 and below the kernel span {span}, got {padding}")
    return TensorSpec((*x.shape[:2], *out_size), x.dtype)


def reached_padding(
    in_size: Sizes, out_size: Sizes, kernel_size: Sizes, stride: Sizes, padding: Pads, dilation: Sizes
) -> Pads:
    """``padding`` with each side after extended to what the last window reads: ``ceil_mode`` reads beyond."""
    span = span_of(kernel_size, dilation)
    return tuple(
        (before, max(after, (out - 1) * step + reach - size - before))
        for (before, after), out, step, reach, size in zip(padding, out_size, stride, span, in_size, strict=True)
    )


def max_pool_shape(attrs: PoolAttrs, x: TensorSpec) -> tuple[TensorSpec, TensorSpec]:
    """Windowed sizes, for ``y`` and for the positions of the chosen elements."""
    return _picked_specs("max_pool", attrs, x)


def max_pool_cost(attrs: PoolAttrs, x: TensorSpec) -> Cost:
    """One comparison less than elements in the window, per output element; padding counts as elements."""
    n, c, *out_size = max_pool_shape(attrs, x)[0].shape
    compares = math.prod(attrs.kernel_size) - 1
    return Cost(compares=product({"n": n, "c": c, **out_dims(tuple(out_size)), "k - 1": compares}))


def max_pool_forward(attrs: PoolAttrs, x: Array) -> tuple[Array, Array]:
    """Largest element of each window, and its position; the first of equal ones.

    A window that only meets padding, as dilation can make one, gives the lowest number and position -1.
    """
    lowest = -math.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    views, positions = _windows_and_positions(attrs, x, lowest)
    return _taken(views, positions, views.argmax(axis=-1))


def max_pool_backward(_attrs: PoolAttrs, grad_y: Array, x: Array, *, indices: Array) -> tuple[Array]:
    """The gradient goes to the chosen position, and adds up where windows overlap."""
    return (scatter_add(grad_y, indices, x.shape),)


def max_pool_backward_cost(attrs: PoolAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """One add per output element."""
    n, c, *out_size = max_pool_shape(attrs, x)[0].shape
    return Cost(adds=product({"n": n, "c": c, **out_dims(tuple(out_size))})) if any(wanted) else FREE


def min_pool_shape(attrs: PoolAttrs, x: TensorSpec) -> tuple[TensorSpec, TensorSpec]:
    """Windowed sizes, for ``y`` and for the positions of the chosen elements."""
    return _picked_specs("min_pool", attrs, x)


def min_pool_forward(attrs: PoolAttrs, x: Array) -> tuple[Array, Array]:
    """Smallest element of each window, and its position; otherwise as ``max_pool_forward``."""
    highest = math.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).max
    views, positions = _windows_and_positions(attrs, x, highest)
    return _taken(views, positions, views.argmin(axis=-1))


def scatter_add(grad_y: Array, indices: Array, in_shape: Sizes) -> Array:
    """Add each gradient to the position of the plane it was taken from; -1 is not a position."""
    planes = math.prod(in_shape[:2])
    plane_size = math.prod(in_shape[2:])
    flat = indices.reshape(planes, math.prod(indices.shape[2:]))
    inside = flat >= 0
    position = (flat + np.arange(planes)[:, None] * plane_size)[inside]
    grad_x = np.zeros(planes * plane_size, grad_y.dtype)
    np.add.at(grad_x, position, grad_y.reshape(flat.shape)[inside])
    return grad_x.reshape(in_shape)


def pool_extent(attrs: PoolAttrs, _x: TensorSpec) -> Extent:
    """A window of the kernel's size."""
    return Slides(attrs.kernel_size, attrs.stride, attrs.dilation)


def _picked_specs(op: str, attrs: PoolAttrs, x: TensorSpec) -> tuple[TensorSpec, TensorSpec]:
    y = pool_spec(op, x, attrs.kernel_size, attrs.stride, attrs.padding, attrs.dilation, ceil_mode=attrs.ceil_mode)
    return y, TensorSpec(y.shape, "int64")


def _windows_and_positions(attrs: PoolAttrs, x: Array, filler: float) -> tuple[Array, Array]:
    """Windows of ``x`` as (N, C, *out, taps), and the position of every tap in the flattened plane of ``x``."""
    in_size = x.shape[2:]
    window = (attrs.kernel_size, attrs.stride, attrs.padding, attrs.dilation)
    out_size = out_sizes("pool", in_size, *window, ceil_mode=attrs.ceil_mode)
    padding = reached_padding(in_size, out_size, *window)
    plane = np.arange(math.prod(in_size)).reshape(in_size)
    n = len(attrs.kernel_size)
    both = (
        windows(pad_array(array, padding, value=value), attrs.kernel_size, attrs.stride, attrs.dilation, out_size)
        for array, value in ((x, filler), (plane, -1))
    )
    views, positions = (merged(array, array.ndim - n) for array in both)
    return views, positions


def _taken(views: Array, positions: Array, best: Array) -> tuple[Array, Array]:
    """The chosen tap of each window: its value, and its position."""
    tap = best[..., None]
    y = np.take_along_axis(views, tap, axis=-1)[..., 0]
    return y, np.take_along_axis(np.broadcast_to(positions, views.shape), tap, axis=-1)[..., 0]


MAX_POOL = define(
    name="max_pool",
    kind="pool",
    attrs=PoolAttrs,
    shape=max_pool_shape,
    cost=max_pool_cost,
    forward=max_pool_forward,
    backward=max_pool_backward,
    backward_cost=max_pool_backward_cost,
    saves=("indices",),
    extras=("indices",),
    extent=pool_extent,
    dims={"x": "n c *in", "y": "n c *out"},
)

MIN_POOL = define(
    name="min_pool",
    kind="pool",
    attrs=PoolAttrs,
    shape=min_pool_shape,
    cost=max_pool_cost,
    forward=min_pool_forward,
    backward=max_pool_backward,
    backward_cost=max_pool_backward_cost,
    saves=("indices",),
    extras=("indices",),
    extent=pool_extent,
    dims={"x": "n c *in", "y": "n c *out"},
)
