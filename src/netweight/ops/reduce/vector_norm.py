"""Length of vectors: the root of the sum of powers, along some dimensions.

Shapes
    x  any
    y  x with the reduced dimensions left out, or kept with size 1

Source: torch.linalg.vector_norm; ONNX ReduceL1, ReduceL2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.norm.normalized import in_single_precision
from netweight.ops.reduce.reduction import (
    ReduceAttrs,
    combining,
    reduce_extent,
    reduced_dims,
    reduced_size,
    reduced_spec,
    spread,
)
from netweight.ops.table import FREE, Cost, Wanted, define

_EUCLIDEAN = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorNormAttrs(ReduceAttrs):
    """Attributes of a length, beside those of any reduction.

    Attributes:
        ord: Exponent; 2 for the Euclidean length, 1 for the sum of absolute values.
    """

    ord: float = _EUCLIDEAN


def vector_norm_shape(attrs: VectorNormAttrs, x: TensorSpec) -> TensorSpec:
    """``x`` without the reduced dimensions, or with size 1 in their place."""
    if not attrs.ord or not math.isfinite(attrs.ord):
        raise ShapeError(f"vector_norm: expected ord other than 0 and finite, got {attrs.ord}")
    return reduced_spec("vector_norm", attrs, x)


def vector_norm_cost(attrs: VectorNormAttrs, x: TensorSpec) -> Cost:
    """Per element its absolute value and the power of that, a product for squares; their sum, and a root per output."""
    outputs = vector_norm_shape(attrs, x).numel
    elements = product(elements=x.numel)
    summed = combining("adds")(outputs, reduced_size(attrs, x.shape))
    if attrs.ord == 1:
        return summed + Cost(compares=elements)
    if attrs.ord == _EUCLIDEAN:
        return summed + Cost(muls=elements, sqrts=product(outputs=outputs))
    return summed + Cost(compares=elements, pows=elements + product(outputs=outputs))


def vector_norm_forward(attrs: VectorNormAttrs, x: Array) -> Array:
    """(sum of abs(x) ** ord) ** (1 / ord)."""
    dims, power = reduced_dims(attrs, x.ndim), attrs.ord
    wide = in_single_precision(x)
    raised = np.abs(wide) if power == 1 else wide * wide if power == _EUCLIDEAN else np.abs(wide) ** power
    total = np.asarray(raised.sum(axis=dims, keepdims=attrs.keepdim))
    y = total if power == 1 else np.sqrt(total) if power == _EUCLIDEAN else total ** (1 / power)
    return np.asarray(y).astype(x.dtype, copy=False)


def vector_norm_backward(attrs: VectorNormAttrs, grad_y: Array, x: Array, *, y: Array) -> tuple[Array]:
    """sign(x) (abs(x) / y) ** (ord - 1); none at the origin, which has no direction."""
    grad, length = spread(attrs, grad_y, x.shape), spread(attrs, y, x.shape)
    if attrs.ord == 1:
        return (grad * np.sign(x),)
    share = np.divide(grad, length ** (attrs.ord - 1), out=np.zeros_like(grad), where=length != 0)
    if attrs.ord == _EUCLIDEAN:
        return (x * share,)
    return (np.sign(x) * np.abs(x) ** (attrs.ord - 1) * share,)


def vector_norm_backward_cost(attrs: VectorNormAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """Per element a product; a sign, an absolute value and a power where ord is not 2; per output a division."""
    if not wanted[0]:
        return FREE
    elements, outputs = product(elements=x.numel), product(outputs=vector_norm_shape(attrs, x).numel)
    if attrs.ord == 1:
        return Cost(compares=elements, muls=elements)
    if attrs.ord == _EUCLIDEAN:
        return Cost(muls=elements, divs=outputs)
    both = product(elements=x.numel, each=2)
    return Cost(compares=both, pows=elements + outputs, muls=both, divs=outputs)


VECTOR_NORM = define(
    name="vector_norm",
    kind="reduce",
    attrs=VectorNormAttrs,
    shape=vector_norm_shape,
    cost=vector_norm_cost,
    forward=vector_norm_forward,
    backward=vector_norm_backward,
    backward_cost=vector_norm_backward_cost,
    saves=("x", "y"),
    extent=reduce_extent,
)
