"""Running totals along one dimension.

Source: torch.cumsum; ONNX CumSum.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.count import product
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.dims import check_dims
from netweight.ops.extent import Extent, Mixes
from netweight.ops.reduce.reduction import counting_dtype
from netweight.ops.table import FREE, Array, Cost, OpDef, Wanted, register


@dataclass(frozen=True, slots=True, kw_only=True)
class CumsumAttrs:
    """Attributes of a running sum.

    Attributes:
        dim: Dimension it runs along.
    """

    dim: int


def cumsum_shape(attrs: CumsumAttrs, x: TensorSpec) -> TensorSpec:
    """Same as ``x``; booleans are counted in int64."""
    check_dims("cumsum", x.shape, attrs.dim)
    return TensorSpec(x.shape, counting_dtype(x.dtype))


def cumsum_cost(attrs: CumsumAttrs, x: TensorSpec) -> Cost:
    """One addition per element but the first along the dimension."""
    length = x.shape[attrs.dim]
    return Cost(adds=product({"rows": x.numel // max(length, 1), "length - 1": max(length - 1, 0)}))


def cumsum_forward(attrs: CumsumAttrs, x: Array) -> Array:
    """Sum of the elements up to this one."""
    return np.cumsum(x, axis=attrs.dim, dtype=counting_dtype(x.dtype.name))


def cumsum_backward(attrs: CumsumAttrs, grad_y: Array, _x: Array) -> tuple[Array]:
    """Sum of the gradients from this one on."""
    return (np.flip(np.cumsum(np.flip(grad_y, attrs.dim), axis=attrs.dim), attrs.dim),)


def cumsum_backward_cost(attrs: CumsumAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """That of the forward."""
    return cumsum_cost(attrs, x) if any(wanted) else FREE


def cumsum_extent(attrs: CumsumAttrs, _x: TensorSpec) -> Extent:
    """The last total reads everything along the dimension."""
    return Mixes((attrs.dim,))


CUMSUM = register(
    OpDef(
        name="cumsum",
        kind="reduce",
        attrs=CumsumAttrs,
        inputs=("x",),
        shape=cumsum_shape,
        cost=cumsum_cost,
        forward=cumsum_forward,
        backward=cumsum_backward,
        backward_cost=cumsum_backward_cost,
        extent=cumsum_extent,
    )
)
