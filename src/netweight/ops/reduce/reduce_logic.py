"""Reductions that ask whether: is any element true, are all, how many are not zero. Numbers other than zero are true.

Shapes
    x  any
    y  x with the reduced dimensions left out, or kept with size 1

Source: torch.any, torch.all, torch.count_nonzero.
"""

from __future__ import annotations

from collections.abc import Callable

from netweight.count import product
from netweight.lazy import Array, np
from netweight.ops.reduce.reduction import ReduceAttrs, combining, reduced_dims, register_reduction
from netweight.ops.table import Cost, OpDef, free, not_differentiable


def count_cost(outputs: int, reduced: int) -> Cost:
    """A comparison with zero per element, and the sum."""
    return Cost(compares=product(outputs=outputs, reduced=reduced)) + combining("adds")(outputs, reduced)


def register_question(name: str, function: str, cost: Callable[[int, int], Cost], dtype: str) -> OpDef:
    """Register a reduction to booleans or numbers of them, by the name of the NumPy function."""

    def forward(attrs: ReduceAttrs, x: Array) -> Array:
        y = getattr(np, function)(x, axis=reduced_dims(attrs, x.ndim), keepdims=attrs.keepdim)
        return np.asarray(y, dtype)

    return register_reduction(
        name,
        cost=cost,
        forward=forward,
        backward=not_differentiable,
        backward_cost=free,
        dtype=lambda _dtype: dtype,
    )


ANY = register_question("any", "any", combining("logics"), "bool")
ALL = register_question("all", "all", combining("logics"), "bool")
COUNT_NONZERO = register_question("count_nonzero", "count_nonzero", count_cost, "int64")
