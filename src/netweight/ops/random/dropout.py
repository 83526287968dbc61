"""Dropout: random zeros while training, nothing at inference.

Source: Srivastava et al. 2014, in the inverted form of torch.nn.functional.dropout.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.elementwise import per_element, per_element_backward, same_shape
from netweight.ops.extent import same_position
from netweight.ops.table import Cost, define, free


@dataclass(frozen=True, slots=True, kw_only=True)
class DropoutAttrs:
    """Attributes of dropout.

    Attributes:
        p: Probability of a zero.
        features: Whether a channel is kept or dropped as a whole, as ``nn.Dropout2d`` does: dimension 1 of samples.
    """

    p: float = 0.5
    features: bool = False


def mask_shape(attrs: DropoutAttrs, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of the mask for an input of that shape."""
    return tuple(shape[:2]) + (1,) * len(shape[2:]) if attrs.features else tuple(shape)


def dropout_shape(attrs: DropoutAttrs, x: TensorSpec) -> tuple[TensorSpec, TensorSpec]:
    """Same as ``x``, and the mask."""
    if not 0 <= attrs.p < 1:
        raise ShapeError(f"dropout: expected 0 <= p < 1, got {attrs.p}")
    return x, TensorSpec(mask_shape(attrs, x.shape), "bool")


def dropout_cost(_attrs: DropoutAttrs, x: TensorSpec) -> Cost:
    """One multiplication per element; the random numbers are not counted."""
    return per_element(muls=1)(None, x)


def dropout_forward(attrs: DropoutAttrs, x: Array, *, rng: np.random.Generator) -> tuple[Array, Array]:
    """x / (1 - p) where the mask keeps it, else 0."""
    mask = rng.random(mask_shape(attrs, x.shape)) >= attrs.p
    return x * mask / x.dtype.type(1 - attrs.p), mask


def dropout_backward(attrs: DropoutAttrs, grad_y: Array, _x: Array, *, mask: Array) -> tuple[Array]:
    """The same mask and scale."""
    return (grad_y * mask / (1 - attrs.p),)


def identity_forward(_attrs: object, x: Array) -> Array:
    """The input itself."""
    return x


def identity_backward(_attrs: object, grad_y: Array, _x: Array) -> tuple[Array]:
    """The gradient itself."""
    return (grad_y,)


DROPOUT = define(
    name="dropout",
    kind="dropout",
    attrs=DropoutAttrs,
    shape=dropout_shape,
    cost=dropout_cost,
    forward=dropout_forward,
    backward=dropout_backward,
    backward_cost=per_element_backward(muls=1),
    saves=("mask",),
    extras=("mask",),
    extent=same_position,
    random=True,
    complex_with="real",
)

IDENTITY = define(
    name="identity",
    kind="dropout",
    shape=same_shape,
    cost=free,
    forward=identity_forward,
    backward=identity_backward,
    backward_cost=free,
    view=True,
    extent=same_position,
)
