"""Comparisons and logic on tensors that broadcast, and the choice between two tensors by a condition.

Shapes
    x, other  any that broadcast
    y         their broadcast shape, of booleans

A comparison is one of ``compares`` per element of ``y``; logic, and a choice, one of ``logics``. Numbers other than
zero are true.

Source: torch.eq and its siblings, torch.where; ONNX Equal, Less, And, Where and theirs.
"""

from __future__ import annotations

from netweight.count import product
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.arrays.broadcast import broadcast_shape, joint_dtype, summed_back, unbroadcast_cost
from netweight.ops.reach import same_position
from netweight.ops.table import FREE, Array, Cost, OpDef, Wanted, free, not_differentiable, register


def register_predicate(name: str, kind_of_work: str, function: str, inputs: tuple[str, ...] = ("x", "other")) -> OpDef:
    """Register a function of tensors that broadcast to booleans.

    Args:
        name: Name in the graph.
        kind_of_work: The kind of its one operation per element of ``y``.
        function: Name of the NumPy function, which is imported only when called.
        inputs: Names of its tensors.
    """

    def shape(_attrs: None, *xs: TensorSpec) -> TensorSpec:
        return TensorSpec(broadcast_shape(name, *(x.shape for x in xs)), "bool")

    def cost(attrs: None, *xs: TensorSpec) -> Cost:
        return Cost(**{kind_of_work: product(elements=shape(attrs, *xs).numel)})

    def forward(_attrs: None, *xs: Array) -> Array:
        y: Array = getattr(np, function)(*xs)
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


def where_shape(_attrs: None, condition: TensorSpec, x: TensorSpec, other: TensorSpec) -> TensorSpec:
    """Broadcast shape of all three, element type of ``x`` and ``other``."""
    return TensorSpec(
        broadcast_shape("where", condition.shape, x.shape, other.shape), joint_dtype(x.dtype, other.dtype)
    )


def where_cost(attrs: None, condition: TensorSpec, x: TensorSpec, other: TensorSpec) -> Cost:
    """One choice per element of ``y``."""
    return Cost(logics=product(elements=where_shape(attrs, condition, x, other).numel))


def where_forward(_attrs: None, condition: Array, x: Array, other: Array) -> Array:
    """``x`` where the condition holds, ``other`` elsewhere."""
    dtype = joint_dtype(x.dtype.name, other.dtype.name)
    return np.where(condition.astype(bool), x.astype(dtype, copy=False), other.astype(dtype, copy=False))


def where_backward(
    _attrs: None, grad_y: Array, condition: Array, x: Array, other: Array
) -> tuple[None, Array | None, Array | None]:
    """The gradient goes where the element came from."""
    chosen = condition.astype(bool)
    return None, summed_back(grad_y * chosen, x), summed_back(grad_y * ~chosen, other)


def where_backward_cost(attrs: None, wanted: Wanted, condition: TensorSpec, x: TensorSpec, other: TensorSpec) -> Cost:
    """One choice per element of ``y`` and gradient, and the adds where a tensor was stretched."""
    elements = where_shape(attrs, condition, x, other).numel
    cost = FREE
    for asked, spec in zip(wanted[1:], (x, other), strict=True):
        if asked:
            cost += Cost(logics=product(elements=elements)) + unbroadcast_cost(elements, spec.numel)
    return cost


EQ = register_predicate("eq", "compares", "equal")
NE = register_predicate("ne", "compares", "not_equal")
LT = register_predicate("lt", "compares", "less")
LE = register_predicate("le", "compares", "less_equal")
GT = register_predicate("gt", "compares", "greater")
GE = register_predicate("ge", "compares", "greater_equal")
LOGICAL_AND = register_predicate("logical_and", "logics", "logical_and")
LOGICAL_OR = register_predicate("logical_or", "logics", "logical_or")
LOGICAL_XOR = register_predicate("logical_xor", "logics", "logical_xor")
LOGICAL_NOT = register_predicate("logical_not", "logics", "logical_not", ("x",))

WHERE = register(
    OpDef(
        name="where",
        kind="elementwise",
        attrs=None,
        inputs=("condition", "x", "other"),
        shape=where_shape,
        cost=where_cost,
        forward=where_forward,
        backward=where_backward,
        backward_cost=where_backward_cost,
        saves=("condition",),
        reach=same_position,
    )
)
