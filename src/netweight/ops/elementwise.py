"""What operators on each element alone share: the shape rule, the cost rule, and the way they are registered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from netweight.count import product
from netweight.ir import TensorSpec
from netweight.ops.base import Cost, OpDef, OpKind, register
from netweight.ops.reach import same_position

if TYPE_CHECKING:
    from netweight.ops.base import Array


def same_shape(_attrs: Any, x: TensorSpec, *_others: TensorSpec | None) -> TensorSpec:
    """Same as ``x``."""
    return x


def per_element(**each: int) -> Callable[..., Cost]:
    """Cost rule of ``each`` operations per element of ``x``, by kind: ``per_element(adds=2, exps=1)``."""

    def cost(_attrs: Any, x: TensorSpec, *_others: TensorSpec | None) -> Cost:
        return Cost(**{kind: product(elements=x.numel, each=count) for kind, count in each.items()})

    return cost


def register_unary(
    name: str,
    *,
    each: dict[str, int],
    forward: Callable[[Any, Array], Array],
    backward: Callable[..., tuple[Array | None, ...]],
    saves: tuple[str, ...],
    kind: OpKind = "elementwise",
    attrs: type | None = None,
    shape: Callable[..., TensorSpec] = same_shape,
) -> OpDef:
    """Register an operator of one tensor that keeps its shape and does ``each`` work per element."""
    return register(
        OpDef(
            name=name,
            kind=kind,
            attrs=attrs,
            inputs=("x",),
            shape=shape,
            cost=per_element(**each),
            forward=forward,
            backward=backward,
            saves=saves,
            extras=(),
            view=False,
            reach=same_position,
            random=False,
            dims={},
        )
    )
