"""The same numbers in the same memory, through which no gradient passes.

Source: torch.Tensor.detach.
"""

from __future__ import annotations

from netweight.lazy import Array
from netweight.ops.arrays.elementwise import same_shape
from netweight.ops.extent import same_position
from netweight.ops.move.define import define_move
from netweight.ops.table import free, not_differentiable


def detach_forward(_attrs: None, x: Array) -> Array:
    """``x`` itself."""
    return x


DETACH = define_move(
    name="detach",
    shape=same_shape,
    forward=detach_forward,
    backward=not_differentiable,
    backward_cost=free,
    view=True,
    extent=same_position,
)
