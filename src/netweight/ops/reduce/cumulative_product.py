"""Running products along one dimension.

Source: torch.cumprod.
"""

from __future__ import annotations

from netweight.count import product
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.arrays.elementwise import work_of
from netweight.ops.dims import check_dims
from netweight.ops.reduce.cumulative import CumsumAttrs, cumsum_extent
from netweight.ops.reduce.reduction import counting_dtype
from netweight.ops.table import FREE, Array, Cost, OpDef, Wanted, register


def cumprod_shape(attrs: CumsumAttrs, x: TensorSpec) -> TensorSpec:
    """Same as ``x``; booleans become int64."""
    check_dims("cumprod", x.shape, attrs.dim)
    return TensorSpec(x.shape, counting_dtype(x.dtype))


def cumprod_cost(attrs: CumsumAttrs, x: TensorSpec) -> Cost:
    """One multiplication per element but the first along the dimension."""
    length = x.shape[attrs.dim]
    return Cost(muls=product({"rows": x.numel // max(length, 1), "length - 1": max(length - 1, 0)}))


def cumprod_forward(attrs: CumsumAttrs, x: Array) -> Array:
    """Product of the elements up to this one."""
    return np.cumprod(x, axis=attrs.dim, dtype=counting_dtype(x.dtype.name))


def cumprod_backward(attrs: CumsumAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """Product of the elements before, times s = grad_y + next element * next s: no division, so zeros do no harm."""
    rows, grads = np.moveaxis(x, attrs.dim, 0), np.moveaxis(grad_y, attrs.dim, 0)
    before = np.ones_like(rows)
    before[1:] = np.cumprod(rows[:-1], axis=0)
    after = np.array(grads)
    for at in reversed(range(len(rows) - 1)):
        after[at] += rows[at + 1] * after[at + 1]
    return (np.moveaxis(before * after, 0, attrs.dim),)


def cumprod_backward_cost(_attrs: CumsumAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """Three products and a sum per element: those from both ends, and of both."""
    return work_of(x.numel, {"muls": 3, "adds": 1}) if any(wanted) else FREE


CUMPROD = register(
    OpDef(
        name="cumprod",
        kind="reduce",
        attrs=CumsumAttrs,
        inputs=("x",),
        shape=cumprod_shape,
        cost=cumprod_cost,
        forward=cumprod_forward,
        backward=cumprod_backward,
        backward_cost=cumprod_backward_cost,
        saves=("x",),
        extent=cumsum_extent,
    )
)
