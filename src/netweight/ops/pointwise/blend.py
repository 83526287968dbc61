"""Arithmetic on three tensors that broadcast, in one pass.

Source: torch.lerp, torch.addcmul, torch.addcdiv.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array
from netweight.ops.pointwise.combinator import PASSED, pointwise


@dataclass(frozen=True, slots=True, kw_only=True)
class LerpAttrs:
    """Attributes of linear interpolation.

    Attributes:
        weight: Share of ``end`` where it is not a tensor.
    """

    weight: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddcAttrs:
    """Attributes of adding a product or a quotient.

    Attributes:
        value: Its factor.
    """

    value: float = 1


def _one_weight(attrs: LerpAttrs, _x: TensorSpec, _end: TensorSpec, weight: TensorSpec | None) -> None:
    if (weight is None) == (attrs.weight is None):
        got = "neither" if weight is None else "both"
        raise ShapeError(f"lerp: expected the weight as a tensor or a number, got {got}")


def _share(attrs: LerpAttrs, weight: Array | None) -> Any:
    return attrs.weight if weight is None else weight


def _rest(_attrs: LerpAttrs, _x: TensorSpec, _end: TensorSpec, weight: TensorSpec | None) -> Mapping[str, int]:
    """One multiplication per element, and 1 - weight where that is not a constant."""
    return {"muls": 1, "adds": int(weight is not None)}


def _scaled(**each: int) -> Callable[..., Mapping[str, int]]:
    """Work with a product more where the factor is not 1."""

    def work(attrs: AddcAttrs, *_: TensorSpec) -> Mapping[str, int]:
        return {**each, "muls": each.get("muls", 0) + (attrs.value != 1)}

    work.__doc__ = "A product, or a quotient, and what it is added to; another product where the factor is not 1."
    return work


LERP = pointwise(
    "lerp", lambda attrs, x, end, weight: x + _share(attrs, weight) * (end - x), {"adds": 2, "muls": 1},
    attrs=LerpAttrs, check=_one_weight,
    x=(lambda grad, attrs, weight: grad * (1 - _share(attrs, weight)), _rest),
    end=(lambda grad, attrs, weight: grad * _share(attrs, weight), {"muls": 1}),
    weight=(lambda grad, x, end: grad * (end - x), {"adds": 1, "muls": 1}),
)  # fmt: skip
ADDCMUL = pointwise(
    "addcmul", lambda attrs, x, tensor1, tensor2: x + attrs.value * tensor1 * tensor2, _scaled(muls=1, adds=1),
    attrs=AddcAttrs, x=PASSED,
    tensor1=(lambda grad, attrs, tensor2: attrs.value * grad * tensor2, _scaled(muls=1)),
    tensor2=(lambda grad, attrs, tensor1: attrs.value * grad * tensor1, _scaled(muls=1)),
)  # fmt: skip
ADDCDIV = pointwise(
    "addcdiv", lambda attrs, x, tensor1, tensor2: x + attrs.value * tensor1 / tensor2, _scaled(divs=1, adds=1),
    attrs=AddcAttrs, x=PASSED,
    tensor1=(lambda grad, attrs, tensor2: attrs.value * grad / tensor2, _scaled(divs=1)),
    tensor2=(
        lambda grad, attrs, tensor1, tensor2: -attrs.value * grad / tensor2 * tensor1 / tensor2,
        _scaled(divs=2, muls=1),
    ),
)  # fmt: skip
