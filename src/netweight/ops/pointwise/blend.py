"""Arithmetic on three tensors that broadcast, in one pass.

Shapes
    all tensors  any that broadcast
    y            their broadcast shape

Source: torch.lerp, torch.addcmul, torch.addcdiv.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops.arrays.broadcast import broadcast_shape, joint_dtype, summed_back, unbroadcast_cost
from netweight.ops.arrays.elementwise import work_of
from netweight.ops.reach import same_position
from netweight.ops.table import FREE, Array, Cost, OpDef, Wanted, register


@dataclass(frozen=True, slots=True, kw_only=True)
class LerpAttrs:
    """Attributes of linear interpolation.

    Attributes:
        weight: Share of ``end`` where it is no tensor.
    """

    weight: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddcAttrs:
    """Attributes of adding a product or a quotient.

    Attributes:
        value: Its factor.
    """

    value: float = 1


def lerp_shape(attrs: LerpAttrs, x: TensorSpec, end: TensorSpec, weight: TensorSpec | None) -> TensorSpec:
    """Broadcast shape of all."""
    if (weight is None) == (attrs.weight is None):
        raise ShapeError(
            f"lerp: expected the weight as a tensor or a number, got {'neither' if weight is None else 'both'}"
        )
    return _together("lerp", x, end, weight)


def lerp_cost(attrs: LerpAttrs, x: TensorSpec, end: TensorSpec, weight: TensorSpec | None) -> Cost:
    """A difference, a product and a sum per element of ``y``."""
    return work_of(lerp_shape(attrs, x, end, weight).numel, {"adds": 2, "muls": 1})


def lerp_forward(attrs: LerpAttrs, x: Array, end: Array, weight: Array | None) -> Array:
    """x + weight * (end - x)."""
    return _typed(x + _share(attrs, weight) * (end - x), x, end, weight)


def lerp_backward(
    attrs: LerpAttrs, grad_y: Array, x: Array, end: Array, weight: Array | None
) -> tuple[Array | None, ...]:
    """1 - weight, weight, and end - x."""
    share = _share(attrs, weight)
    grad_weight = None if weight is None else summed_back(grad_y * (end - x), weight)
    return summed_back(grad_y * (1 - share), x), summed_back(grad_y * share, end), grad_weight


def lerp_backward_cost(
    attrs: LerpAttrs, wanted: Wanted, x: TensorSpec, end: TensorSpec, weight: TensorSpec | None
) -> Cost:
    """One product per element each; 1 - weight and end - x where they are no constants."""
    each: tuple[dict[str, int], ...] = (
        {"muls": 1, "adds": int(weight is not None)},
        {"muls": 1},
        {"adds": 1, "muls": 1},
    )
    return _back(lerp_shape(attrs, x, end, weight).numel, wanted, each, x, end, weight)


def addcmul_shape(_attrs: AddcAttrs, x: TensorSpec, tensor1: TensorSpec, tensor2: TensorSpec) -> TensorSpec:
    """Broadcast shape of all."""
    return _together("addcmul", x, tensor1, tensor2)


def addcmul_cost(attrs: AddcAttrs, x: TensorSpec, tensor1: TensorSpec, tensor2: TensorSpec) -> Cost:
    """A product and a sum per element of ``y``; another product where the factor is not 1."""
    elements = addcmul_shape(attrs, x, tensor1, tensor2).numel
    return work_of(elements, {"muls": 1 + _scaled(attrs), "adds": 1})


def addcmul_forward(attrs: AddcAttrs, x: Array, tensor1: Array, tensor2: Array) -> Array:
    """x + value * tensor1 * tensor2."""
    return _typed(x + attrs.value * tensor1 * tensor2, x, tensor1, tensor2)


def addcmul_backward(
    attrs: AddcAttrs, grad_y: Array, x: Array, tensor1: Array, tensor2: Array
) -> tuple[Array | None, ...]:
    """The gradient itself; value times it, and the other factor."""
    grad = attrs.value * grad_y
    return summed_back(grad_y, x), summed_back(grad * tensor2, tensor1), summed_back(grad * tensor1, tensor2)


def addcmul_backward_cost(
    attrs: AddcAttrs, wanted: Wanted, x: TensorSpec, tensor1: TensorSpec, tensor2: TensorSpec
) -> Cost:
    """A product per element for either factor, another one where the factor of both is not 1."""
    each = {"muls": 1 + _scaled(attrs)}
    elements = addcmul_shape(attrs, x, tensor1, tensor2).numel
    return _back(elements, wanted, ({}, each, each), x, tensor1, tensor2)


def addcdiv_shape(_attrs: AddcAttrs, x: TensorSpec, tensor1: TensorSpec, tensor2: TensorSpec) -> TensorSpec:
    """Broadcast shape of all."""
    return _together("addcdiv", x, tensor1, tensor2)


def addcdiv_cost(attrs: AddcAttrs, x: TensorSpec, tensor1: TensorSpec, tensor2: TensorSpec) -> Cost:
    """A quotient and a sum per element of ``y``; a product where the factor is not 1."""
    elements = addcdiv_shape(attrs, x, tensor1, tensor2).numel
    return work_of(elements, {"divs": 1, "adds": 1} | ({"muls": 1} if _scaled(attrs) else {}))


def addcdiv_forward(attrs: AddcAttrs, x: Array, tensor1: Array, tensor2: Array) -> Array:
    """x + value * tensor1 / tensor2."""
    return _typed(x + attrs.value * tensor1 / tensor2, x, tensor1, tensor2)


def addcdiv_backward(
    attrs: AddcAttrs, grad_y: Array, x: Array, tensor1: Array, tensor2: Array
) -> tuple[Array | None, ...]:
    """The gradient itself; value / tensor2 times it; -value tensor1 / tensor2² times it."""
    grad = attrs.value * grad_y / tensor2
    return summed_back(grad_y, x), summed_back(grad, tensor1), summed_back(-grad * tensor1 / tensor2, tensor2)


def addcdiv_backward_cost(
    attrs: AddcAttrs, wanted: Wanted, x: TensorSpec, tensor1: TensorSpec, tensor2: TensorSpec
) -> Cost:
    """A quotient per element for the numerator; two and a product for the denominator; the factor where not 1."""
    scaled = {"muls": 1} if _scaled(attrs) else {}
    each: tuple[dict[str, int], ...] = ({}, {"divs": 1} | scaled, {"divs": 2, "muls": 1 + _scaled(attrs)})
    return _back(addcdiv_shape(attrs, x, tensor1, tensor2).numel, wanted, each, x, tensor1, tensor2)


def _together(op: str, *specs: TensorSpec | None) -> TensorSpec:
    present = [spec for spec in specs if spec is not None]
    return TensorSpec(broadcast_shape(op, *(s.shape for s in present)), joint_dtype(*(s.dtype for s in present)))


def _typed(y: Array, *xs: Array | None) -> Array:
    return y.astype(joint_dtype(*(x.dtype.name for x in xs if x is not None)), copy=False)


def _share(attrs: LerpAttrs, weight: Array | None) -> Array | float:
    if weight is not None:
        return weight
    assert attrs.weight is not None  # the shape rule has seen to it
    return attrs.weight


def _scaled(attrs: AddcAttrs) -> int:
    return int(attrs.value != 1)


def _back(elements: int, wanted: Wanted, each: tuple[dict[str, int], ...], *specs: TensorSpec | None) -> Cost:
    """Work per element of each wanted gradient, and its sum over what was stretched."""
    cost = FREE
    for asked, work, spec in zip(wanted, each, specs, strict=True):
        if asked and spec is not None:
            done = {kind: amount for kind, amount in work.items() if amount}
            cost += work_of(elements, done) + unbroadcast_cost(elements, spec.numel)
    return cost


LERP = register(
    OpDef(
        name="lerp",
        kind="elementwise",
        attrs=LerpAttrs,
        inputs=("x", "end", "weight"),
        shape=lerp_shape,
        cost=lerp_cost,
        forward=lerp_forward,
        backward=lerp_backward,
        backward_cost=lerp_backward_cost,
        saves={"x": ("weight",), "end": ("weight",), "weight": ("x", "end")},
        reach=same_position,
    )
)

ADDCMUL = register(
    OpDef(
        name="addcmul",
        kind="elementwise",
        attrs=AddcAttrs,
        inputs=("x", "tensor1", "tensor2"),
        shape=addcmul_shape,
        cost=addcmul_cost,
        forward=addcmul_forward,
        backward=addcmul_backward,
        backward_cost=addcmul_backward_cost,
        saves={"tensor1": ("tensor2",), "tensor2": ("tensor1",)},
        reach=same_position,
    )
)

ADDCDIV = register(
    OpDef(
        name="addcdiv",
        kind="elementwise",
        attrs=AddcAttrs,
        inputs=("x", "tensor1", "tensor2"),
        shape=addcdiv_shape,
        cost=addcdiv_cost,
        forward=addcdiv_forward,
        backward=addcdiv_backward,
        backward_cost=addcdiv_backward_cost,
        saves={"tensor1": ("tensor2",), "tensor2": ("tensor1", "tensor2")},
        reach=same_position,
    )
)
