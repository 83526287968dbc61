"""Logic on the bits of integers and booleans.

Shapes
    x, other  any that broadcast
    y         their broadcast shape

The bits of one element together are one of ``logics``.

Source: torch.bitwise_and and its siblings; ONNX BitwiseAnd and its siblings, BitShift.
"""

from __future__ import annotations

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec, is_floating
from netweight.lazy import np
from netweight.ops.arrays.broadcast import broadcast_shape, joint_dtype
from netweight.ops.reach import same_position
from netweight.ops.table import Array, Cost, OpDef, free, not_differentiable, register


def register_bitwise(name: str, function: str, inputs: tuple[str, ...] = ("x", "other")) -> OpDef:
    """Register logic on the bits of integers or booleans.

    Args:
        name: Name in the graph.
        function: Name of the NumPy function, which is imported only when called.
        inputs: Names of its tensors.
    """

    def shape(_attrs: None, *xs: TensorSpec) -> TensorSpec:
        dtype = joint_dtype(*(x.dtype for x in xs))
        if is_floating(dtype):
            raise ShapeError(f"{name}: expected integers or booleans, got {' and '.join(x.dtype for x in xs)}")
        return TensorSpec(broadcast_shape(name, *(x.shape for x in xs)), dtype)

    def cost(attrs: None, *xs: TensorSpec) -> Cost:
        return Cost(logics=product(elements=shape(attrs, *xs).numel))

    def forward(_attrs: None, *xs: Array) -> Array:
        dtype = joint_dtype(*(x.dtype.name for x in xs))
        y: Array = getattr(np, function)(*(x.astype(dtype, copy=False) for x in xs))
        return y

    return register(
        OpDef(
            name=name,
            kind="elementwise",
            attrs=None,
            inputs=inputs,
            shape=shape,
            cost=cost,
            forward=forward,
            backward=not_differentiable,
            backward_cost=free,
            reach=same_position,
        )
    )


BITWISE_AND = register_bitwise("bitwise_and", "bitwise_and")
BITWISE_OR = register_bitwise("bitwise_or", "bitwise_or")
BITWISE_XOR = register_bitwise("bitwise_xor", "bitwise_xor")
BITWISE_NOT = register_bitwise("bitwise_not", "bitwise_not", ("x",))
BITWISE_LEFT_SHIFT = register_bitwise("bitwise_left_shift", "left_shift")
BITWISE_RIGHT_SHIFT = register_bitwise("bitwise_right_shift", "right_shift")
