"""Pooling over windows of one, two or three spatial dimensions.

Shapes
    x  (N, C, *in)
    y  (N, C, *out)

Source: torch.nn.functional.max_pool2d.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.base import Cost, OpDef, register
from netweight.ops.dims import out_dims
from netweight.ops.padding import Pads, pad_array
from netweight.ops.reach import Reach, Slides
from netweight.ops.windows import Sizes, out_sizes, windows

if TYPE_CHECKING:
    from netweight.ops.base import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolAttrs:
    """Attributes of a pooling window, one entry per spatial dimension.

    Attributes:
        kernel_size: Elements of the window.
        stride: Step between windows.
        padding: Elements added (before, after) each spatial dimension; a maximum never picks them.
        dilation: Step between the elements of a window.
        ceil_mode: Round the output size up; a last window that starts in the padding is dropped.
    """

    kernel_size: Sizes
    stride: Sizes
    padding: Pads
    dilation: Sizes
    ceil_mode: bool = False


def max_pool_shape(attrs: PoolAttrs, x: TensorSpec) -> tuple[TensorSpec, TensorSpec]:
    """Windowed sizes, for ``y`` and for the positions of the chosen elements.

    Raises:
        ShapeError: If ``x`` has other dimensions than the window, or the window does not fit.
    """
    y = _pool_spec("max_pool", attrs, x)
    return y, TensorSpec(y.shape, "int64")


def max_pool_cost(attrs: PoolAttrs, x: TensorSpec) -> Cost:
    """One comparison less than elements in the window, per output element."""
    y, _ = max_pool_shape(attrs, x)
    n, c, *out_size = y.shape
    compares = math.prod(attrs.kernel_size) - 1
    return Cost(compares=product({"n": n, "c": c, **out_dims(tuple(out_size)), "k - 1": compares}))


def max_pool_forward(attrs: PoolAttrs, x: Array) -> tuple[Array, Array]:
    """Largest element of each window, and its position in the flattened input plane; the first of equal ones."""
    views, positions = _windows_and_positions(attrs, x)
    best = views.argmax(axis=-1)
    y = np.take_along_axis(views, best[..., None], axis=-1)[..., 0]
    indices = np.take_along_axis(np.broadcast_to(positions, views.shape), best[..., None], axis=-1)[..., 0]
    return y, indices


def max_pool_backward(_attrs: PoolAttrs, grad_y: Array, x: Array, *, indices: Array) -> tuple[Array]:
    """The gradient goes to the chosen position, and adds up where windows overlap."""
    grad_x = np.zeros((*x.shape[:2], math.prod(x.shape[2:])), grad_y.dtype)
    flat = indices.reshape(*x.shape[:2], -1)
    n, c = np.ogrid[: x.shape[0], : x.shape[1]]
    np.add.at(grad_x, (n[..., None], c[..., None], flat), grad_y.reshape(flat.shape))
    return (grad_x.reshape(x.shape),)


def pool_reach(attrs: PoolAttrs, _x: TensorSpec) -> Reach:
    """A window of the kernel's size."""
    return Slides(attrs.kernel_size, attrs.stride, attrs.dilation, tuple(before for before, _ in attrs.padding))


def _pool_spec(op: str, attrs: PoolAttrs, x: TensorSpec) -> TensorSpec:
    if len(x.shape) != len(attrs.kernel_size) + 2:
        raise ShapeError(f"{op}: expected x with 2 + {len(attrs.kernel_size)} dimensions, got {x.shape}")
    out_size = out_sizes(
        op, x.shape[2:], attrs.kernel_size, attrs.stride, attrs.padding, attrs.dilation, ceil_mode=attrs.ceil_mode
    )
    return TensorSpec((*x.shape[:2], *out_size), x.dtype)


def _windows_and_positions(attrs: PoolAttrs, x: Array) -> tuple[Array, Array]:
    """Windows of ``x`` as (N, C, *out, taps), and the position of every tap in the flattened plane of ``x``."""
    out_size = _pool_spec("max_pool", attrs, TensorSpec(x.shape)).shape[2:]
    # ceil_mode may read beyond the padding: extend each side after by what the last window needs.
    padding = tuple(
        (before, max(after, (out - 1) * step + d * (k - 1) + 1 - size - before))
        for (before, after), out, step, d, k, size in zip(
            attrs.padding, out_size, attrs.stride, attrs.dilation, attrs.kernel_size, x.shape[2:], strict=True
        )
    )
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    plane = np.arange(math.prod(x.shape[2:])).reshape(x.shape[2:])
    n = len(attrs.kernel_size)
    both = (
        windows(pad_array(array, padding, value=value), attrs.kernel_size, attrs.stride, attrs.dilation, out_size)
        for array, value in ((x, lowest), (plane, -1))
    )
    views, positions = (array.reshape(*array.shape[:-n], -1) for array in both)
    return views, positions


MAX_POOL = register(
    OpDef(
        name="max_pool",
        kind="pool",
        attrs=PoolAttrs,
        inputs=("x",),
        shape=max_pool_shape,
        cost=max_pool_cost,
        forward=max_pool_forward,
        backward=max_pool_backward,
        saves=("indices",),
        extras=("indices",),
        view=False,
        reach=pool_reach,
        random=False,
        dims={"x": "n c *in", "y": "n c *out"},
    )
)
