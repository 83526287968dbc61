"""Max pooling that also tells where each element was, and the way back: every element to its place, zeros elsewhere.

Shapes
    max_pool_with_indices  x (N, C, *in)   y, indices (N, C, *out)
    max_unpool             x, indices (N, C, *in)   y (N, C, *output_size)

Positions count through the flattened plane of the larger tensor, or through all of its planes one after another.

Source: torch.nn.functional.max_pool2d with return_indices, max_unpool2d (positions in a plane); ONNX MaxPool, MaxUnpool
(positions across planes); Zeiler & Fergus 2014, "Visualizing and understanding convolutional networks".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.windows import Sizes
from netweight.ops.extent import Extent, Mixes
from netweight.ops.move.define import define_move
from netweight.ops.move.places import check_positions
from netweight.ops.table import FREE, Cost, Wanted, copied, define
from netweight.ops.window.pool import (
    PoolAttrs,
    max_pool_backward_cost,
    max_pool_cost,
    max_pool_forward,
    pool_extent,
    pool_spec,
    scatter_add,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolIndicesAttrs(PoolAttrs):
    """Attributes of max pooling with positions, beside those of the window.

    Attributes:
        across_planes: Positions count through all planes, not through each on its own.
    """

    across_planes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpoolAttrs:
    """Attributes of the way back from max pooling.

    Attributes:
        output_size: Spatial sizes of ``y``.
        across_planes: Positions count through all planes, not through each on its own.
    """

    output_size: Sizes
    across_planes: bool = False


def max_pool_with_indices_shape(attrs: PoolIndicesAttrs, x: TensorSpec) -> tuple[TensorSpec, TensorSpec]:
    """Windowed sizes, for ``y`` and for the positions of the chosen elements."""
    window = (attrs.kernel_size, attrs.stride, attrs.padding, attrs.dilation)
    y = pool_spec("max_pool_with_indices", x, *window, ceil_mode=attrs.ceil_mode)
    return y, TensorSpec(y.shape, "int64")


def max_pool_with_indices_forward(attrs: PoolIndicesAttrs, x: Array) -> tuple[Array, Array]:
    """Largest element of each window, and its position; the first of equal ones."""
    y, indices = max_pool_forward(attrs, x)
    return y, indices + _starts(x.shape, across=attrs.across_planes)


def max_pool_with_indices_backward(
    attrs: PoolIndicesAttrs, grad_outputs: tuple[Array, Array], x: Array, *, y1: Array
) -> tuple[Array]:
    """The gradient goes to the chosen position, and adds up where windows overlap."""
    return (scatter_add(grad_outputs[0], y1 - _starts(x.shape, across=attrs.across_planes), x.shape),)


def max_unpool_shape(attrs: UnpoolAttrs, x: TensorSpec, indices: TensorSpec) -> TensorSpec:
    """The planes at the size asked for."""
    check_positions("max_unpool", indices)
    if len(x.shape) != len(attrs.output_size) + 2 or indices.shape != x.shape:
        raise ShapeError(
            f"max_unpool: expected x and indices (N, C, *in) with {len(attrs.output_size)} spatial dimensions, "
            f"got {x.shape} and {indices.shape}"
        )
    return TensorSpec((*x.shape[:2], *attrs.output_size), x.dtype)


def max_unpool_forward(attrs: UnpoolAttrs, x: Array, indices: Array) -> Array:
    """y[n, c, indices[n, c, i]] = x[n, c, i]; of several for one place the last one stays."""
    y = np.zeros((*x.shape[:2], *attrs.output_size), x.dtype)
    y.reshape(-1)[_places(attrs, y.shape, indices)] = x
    return y


def max_unpool_backward(attrs: UnpoolAttrs, grad_y: Array, _x: Array, indices: Array) -> tuple[Array, None]:
    """Every element the gradient of its place."""
    return grad_y.reshape(-1)[_places(attrs, grad_y.shape, indices)], None


def max_unpool_backward_cost(_attrs: UnpoolAttrs, wanted: Wanted, *specs: TensorSpec) -> Cost:
    """No work."""
    return copied(None, wanted, *specs) if wanted[0] else FREE


def max_unpool_extent(_attrs: UnpoolAttrs, x: TensorSpec, _indices: TensorSpec) -> Extent:
    """Any position: the indices say which."""
    return Mixes(tuple(range(2, len(x.shape))))


def _starts(shape: Sizes, *, across: bool) -> Array:
    """Position of the first element of each plane, if positions count through all of them."""
    planes = np.arange(math.prod(shape[:2])).reshape(*shape[:2], *(1,) * (len(shape) - 2))
    return planes * (math.prod(shape[2:]) if across else 0)


def _places(attrs: UnpoolAttrs, shape: Sizes, indices: Array) -> Array:
    """Positions in all of ``y``."""
    return indices + _starts(shape, across=not attrs.across_planes)


MAX_POOL_WITH_INDICES = define(
    name="max_pool_with_indices",
    kind="pool",
    attrs=PoolIndicesAttrs,
    shape=max_pool_with_indices_shape,
    cost=max_pool_cost,
    forward=max_pool_with_indices_forward,
    backward=max_pool_with_indices_backward,
    backward_cost=max_pool_backward_cost,
    saves=("y1",),
    extent=pool_extent,
    dims={"x": "n c *in", "y": "n c *out"},
)

MAX_UNPOOL = define_move(
    name="max_unpool",
    attrs=UnpoolAttrs,
    inputs=("x", "indices"),
    shape=max_unpool_shape,
    forward=max_unpool_forward,
    backward=max_unpool_backward,
    backward_cost=max_unpool_backward_cost,
    saves=("indices",),
    extent=max_unpool_extent,
    dims={"x": "n c *in", "y": "n c *out"},
)
