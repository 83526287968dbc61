"""The bits of a number taken for another type of the same width.

Source: ONNX BitCast; torch.Tensor.view(dtype).
"""

from __future__ import annotations

from netweight.errors import ShapeError
from netweight.ir import TensorSpec, bits_of
from netweight.lazy import Array
from netweight.ops.arrays.dtypes import held_type, wrapped
from netweight.ops.extent import same_position
from netweight.ops.move.define import define_move
from netweight.ops.pointwise.unary import CastAttrs
from netweight.ops.table import free, not_differentiable


def bitcast_shape(attrs: CastAttrs, x: TensorSpec) -> TensorSpec:
    """Same shape, new element type.

    Raises:
        ShapeError: If the types have different widths.
        UsageError: If there is no such element type.
    """
    if bits_of(attrs.dtype) != bits_of(x.dtype):
        raise ShapeError(f"bitcast: expected a type of {bits_of(x.dtype)} bits as {x.dtype}, got {attrs.dtype}")
    return TensorSpec(x.shape, attrs.dtype)


def bitcast_forward(attrs: CastAttrs, x: Array) -> Array:
    """The same bits, in memory of their own."""
    return wrapped(x.copy().view(held_type(attrs.dtype)), attrs.dtype)


BITCAST = define_move(
    name="bitcast",
    attrs=CastAttrs,
    shape=bitcast_shape,
    forward=bitcast_forward,
    backward=not_differentiable,
    backward_cost=free,
    extent=same_position,
)
