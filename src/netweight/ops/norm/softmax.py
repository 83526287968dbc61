"""Softmax and its logarithm over one dimension.

The maximum of each row, a slice along ``dim``, is taken off first: exponentials are of numbers up to 0, and the sum
of a row is at least 1.

Source: torch.nn.functional.softmax, log_softmax.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.elementwise import per_element_backward
from netweight.ops.extent import Extent, Mixes
from netweight.ops.table import Cost, define


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftmaxAttrs:
    """Attributes of softmax and log-softmax.

    Attributes:
        dim: Dimension along which the results, or their exponentials, add up to 1; negative from the end.
    """

    dim: int


def softmax_shape(attrs: SoftmaxAttrs, x: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    return _check("softmax", attrs, x)


def softmax_cost(_attrs: SoftmaxAttrs, x: TensorSpec) -> Cost:
    """Per element: a comparison into the maximum, less the maximum, exp, an add into the sum, a division."""
    elements = x.numel
    return Cost(
        compares=product(elements=elements),
        adds=product(elements=elements, each=2),
        exps=product(elements=elements),
        divs=product(elements=elements),
    )


def softmax_forward(attrs: SoftmaxAttrs, x: Array) -> Array:
    """exp(x - max) / sum of exp(x - max)."""
    if not x.size:
        return x.copy()
    z = np.exp(x - x.max(axis=attrs.dim, keepdims=True))
    y: Array = z / z.sum(axis=attrs.dim, keepdims=True)
    return y


def softmax_backward(attrs: SoftmaxAttrs, grad_y: Array, _x: Array, *, y: Array) -> tuple[Array]:
    """y * (grad_y - sum of y * grad_y)."""
    return (y * (grad_y - (y * grad_y).sum(axis=attrs.dim, keepdims=True)),)


def log_softmax_shape(attrs: SoftmaxAttrs, x: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    return _check("log_softmax", attrs, x)


def log_softmax_cost(attrs: SoftmaxAttrs, x: TensorSpec) -> Cost:
    """Per element: a comparison into the maximum, less the maximum, exp, an add into the sum, less its log.

    Per row: one log.
    """
    elements, length = x.numel, x.shape[attrs.dim]
    return Cost(
        compares=product(elements=elements),
        adds=product(elements=elements, each=3),
        exps=product(elements=elements),
        logs=product(rows=elements // length if length else 0),
    )


def log_softmax_forward(attrs: SoftmaxAttrs, x: Array) -> Array:
    """x - max - log of the sum of exp(x - max)."""
    if not x.size:
        return x.copy()
    z = x - x.max(axis=attrs.dim, keepdims=True)
    y: Array = z - np.log(np.exp(z).sum(axis=attrs.dim, keepdims=True))
    return y


def log_softmax_backward(attrs: SoftmaxAttrs, grad_y: Array, _x: Array, *, y: Array) -> tuple[Array]:
    """grad_y - softmax * sum of grad_y."""
    return (grad_y - np.exp(y) * grad_y.sum(axis=attrs.dim, keepdims=True),)


def softmax_extent(attrs: SoftmaxAttrs, _x: TensorSpec) -> Extent:
    """The positions along ``dim`` are mixed."""
    return Mixes((attrs.dim,))


def _check(op: str, attrs: SoftmaxAttrs, x: TensorSpec) -> TensorSpec:
    rank = len(x.shape)
    if not -rank <= attrs.dim < rank:
        raise ShapeError(f"{op}: expected dim from {-rank} to {rank - 1}, got {attrs.dim} for x of shape {x.shape}")
    return x


SOFTMAX = define(
    name="softmax",
    kind="softmax",
    attrs=SoftmaxAttrs,
    shape=softmax_shape,
    cost=softmax_cost,
    forward=softmax_forward,
    backward=softmax_backward,
    backward_cost=per_element_backward(muls=2, adds=2),
    saves=("y",),
    extent=softmax_extent,
)

LOG_SOFTMAX = define(
    name="log_softmax",
    kind="softmax",
    attrs=SoftmaxAttrs,
    shape=log_softmax_shape,
    cost=log_softmax_cost,
    forward=log_softmax_forward,
    backward=log_softmax_backward,
    backward_cost=per_element_backward(exps=1, muls=1, adds=2),
    saves=("y",),
    extent=softmax_extent,
)
