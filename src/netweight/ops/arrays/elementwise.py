"""What rules of operators on each element alone are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from netweight.count import product
from netweight.ir import TensorSpec
from netweight.ops.table import FREE, Cost, Wanted


def same_shape(_attrs: Any, x: TensorSpec, *_others: TensorSpec | None) -> TensorSpec:
    """Same as ``x``."""
    return x


def per_element(**each: int) -> Callable[..., Cost]:
    """Cost rule of ``each`` operations per element of ``x``, by kind: ``per_element(adds=2, exps=1)``."""

    def cost(_attrs: Any, x: TensorSpec, *_others: TensorSpec | None) -> Cost:
        return work_of(x.numel, each)

    return cost


def per_element_backward(**each: int) -> Callable[..., Cost]:
    """Backward cost rule of ``each`` operations per element of the first tensor, where its gradient is wanted.

    Without any the gradient of ``y`` is passed on as it is.
    """

    def cost(_attrs: Any, wanted: Wanted, x: TensorSpec, *_others: TensorSpec | None) -> Cost:
        return work_of(x.numel, each) if wanted[0] else FREE

    return cost


def work_of(elements: int, each: Mapping[str, int]) -> Cost:
    """``each`` operations, by kind, per element; ``FREE`` if there are none."""
    return Cost(**{kind: product(elements=elements, each=count) for kind, count in each.items()}) if each else FREE
