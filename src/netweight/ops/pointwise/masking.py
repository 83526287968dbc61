"""One number in the place of masked elements.

Shapes
    x, mask  any that broadcast
    y        their broadcast shape

Source: torch.masked_fill.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.count import product
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.arrays.broadcast import broadcast_shape, summed_back, unbroadcast_cost
from netweight.ops.reach import same_position
from netweight.ops.table import FREE, Array, Cost, OpDef, Wanted, register


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedFillAttrs:
    """Attributes of a masked fill.

    Attributes:
        value: What masked elements become.
    """

    value: float


def masked_fill_shape(_attrs: MaskedFillAttrs, x: TensorSpec, mask: TensorSpec) -> TensorSpec:
    """Broadcast shape of both, element type of ``x``."""
    return TensorSpec(broadcast_shape("masked_fill", x.shape, mask.shape), x.dtype)


def masked_fill_cost(attrs: MaskedFillAttrs, x: TensorSpec, mask: TensorSpec) -> Cost:
    """One choice per element of ``y``."""
    return Cost(logics=product(elements=masked_fill_shape(attrs, x, mask).numel))


def masked_fill_forward(attrs: MaskedFillAttrs, x: Array, mask: Array) -> Array:
    """The value where the mask is true, as numbers other than zero are, ``x`` elsewhere."""
    return np.where(mask.astype(bool), np.full((), attrs.value, x.dtype), x)


def masked_fill_backward(
    _attrs: MaskedFillAttrs, grad_y: Array, x: Array, mask: Array
) -> tuple[Array | None, Array | None]:
    """The gradient where nothing was masked."""
    return summed_back(grad_y * ~mask.astype(bool), x), None


def masked_fill_backward_cost(attrs: MaskedFillAttrs, wanted: Wanted, x: TensorSpec, mask: TensorSpec) -> Cost:
    """That of the forward, and the adds where ``x`` was stretched."""
    if not wanted[0]:
        return FREE
    return masked_fill_cost(attrs, x, mask) + unbroadcast_cost(masked_fill_shape(attrs, x, mask).numel, x.numel)


MASKED_FILL = register(
    OpDef(
        name="masked_fill",
        kind="elementwise",
        attrs=MaskedFillAttrs,
        inputs=("x", "mask"),
        shape=masked_fill_shape,
        cost=masked_fill_cost,
        forward=masked_fill_forward,
        backward=masked_fill_backward,
        backward_cost=masked_fill_backward_cost,
        saves=("mask",),
        reach=same_position,
    )
)
