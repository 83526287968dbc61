"""Gated linear unit: one half of a dimension, weighed by the sigmoid of the other half.

Shapes
    x  (..., 2 C, ...)
    y  (..., C, ...)

Source: torch.nn.functional.glu; Dauphin et al. 2017, "Language modeling with gated convolutional networks".
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.safe import sigmoid
from netweight.ops.dims import check_dims
from netweight.ops.extent import Extent, Mixes
from netweight.ops.move.slicing import resized
from netweight.ops.table import FREE, Cost, Wanted, define


@dataclass(frozen=True, slots=True, kw_only=True)
class GluAttrs:
    """Attributes of a gated linear unit.

    Attributes:
        dim: Dimension whose second half holds the gates.
    """

    dim: int


def glu_shape(attrs: GluAttrs, x: TensorSpec) -> TensorSpec:
    """Half the size along the dimension."""
    check_dims("glu", x.shape, attrs.dim)
    size = x.shape[attrs.dim]
    if size % 2:
        raise ShapeError(f"glu: expected an even size along dim {attrs.dim}, got {size} of shape {x.shape}")
    return resized(x, attrs.dim, size // 2)


def glu_cost(attrs: GluAttrs, x: TensorSpec) -> Cost:
    """A sigmoid (an exponential, an addition and a division) and a product per element of ``y``."""
    elements = product(outputs=glu_shape(attrs, x).numel)
    return Cost(exps=elements, adds=elements, divs=elements, muls=elements)


def glu_forward(attrs: GluAttrs, x: Array) -> Array:
    """a * sigmoid(b), the halves being a and b."""
    a, b = np.split(x, 2, axis=attrs.dim)
    return a * sigmoid(b)


def glu_backward(attrs: GluAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """sigmoid(b) for a; a sigmoid(b) (1 - sigmoid(b)) for b."""
    a, b = np.split(x, 2, axis=attrs.dim)
    grad_a = grad_y * sigmoid(b)
    return (np.concatenate([grad_a, grad_a * a * sigmoid(-b)], axis=attrs.dim),)


def glu_backward_cost(attrs: GluAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """The sigmoid again, and what it is short of 1; three products."""
    if not any(wanted):
        return FREE
    outputs = glu_shape(attrs, x).numel
    once = product(outputs=outputs)
    return Cost(exps=once, divs=once, adds=product(outputs=outputs, each=2), muls=product(outputs=outputs, each=3))


def glu_extent(attrs: GluAttrs, _x: TensorSpec) -> Extent:
    """Two positions of the dimension, half of it apart."""
    return Mixes((attrs.dim,))


GLU = define(
    name="glu",
    kind="activation",
    attrs=GluAttrs,
    shape=glu_shape,
    cost=glu_cost,
    forward=glu_forward,
    backward=glu_backward,
    backward_cost=glu_backward_cost,
    saves=("x",),
    extent=glu_extent,
)
