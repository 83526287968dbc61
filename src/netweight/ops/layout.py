"""Operators that rearrange elements and compute nothing.

Source: torch.reshape.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops.base import OpDef, free, register
from netweight.ops.reach import reshapes

if TYPE_CHECKING:
    from netweight.ops.base import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class ReshapeAttrs:
    """Attributes of a reshape.

    Attributes:
        shape: New sizes; one may be -1 and follows from the rest.
    """

    shape: tuple[int, ...]


def reshape_shape(attrs: ReshapeAttrs, x: TensorSpec) -> TensorSpec:
    """The new sizes, -1 filled in.

    Raises:
        ShapeError: If the number of elements differs.
    """
    known = math.prod(size for size in attrs.shape if size != -1)
    filled = x.numel // known if known else 0
    shape = tuple(filled if size == -1 else size for size in attrs.shape)
    if math.prod(shape) != x.numel or attrs.shape.count(-1) > 1:
        raise ShapeError(f"reshape: expected a shape of {x.numel} elements, got {attrs.shape} for x of shape {x.shape}")
    return TensorSpec(shape, x.dtype)


def reshape_forward(attrs: ReshapeAttrs, x: Array) -> Array:
    """Same elements, row-major, new sizes."""
    return x.reshape(attrs.shape)


def reshape_backward(_attrs: ReshapeAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """Back to the old sizes."""
    return (grad_y.reshape(x.shape),)


RESHAPE = register(
    OpDef(
        name="reshape",
        kind="layout",
        attrs=ReshapeAttrs,
        inputs=("x",),
        shape=reshape_shape,
        cost=free,
        forward=reshape_forward,
        backward=reshape_backward,
        saves=(),
        extras=(),
        view=True,
        reach=reshapes,
        random=False,
        dims={},
    )
)
