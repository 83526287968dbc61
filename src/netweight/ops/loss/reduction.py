"""What losses share: the reduction of all losses to one, its gradient and its work; and losses of each element.

Shapes
    x, target  of the same shape
    weights    any that broadcast to it, or None
    y          () for the reductions "mean", "sum" and "batchmean", else that of ``x``
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.broadcast import broadcast_shape, unbroadcast, unbroadcast_cost
from netweight.ops.arrays.elementwise import work_of
from netweight.ops.extent import Extent, Mixes
from netweight.ops.table import FREE, Cost, OpDef, Saves, Wanted, define

Reduction = Literal["mean", "sum", "none"]
Work: TypeAlias = Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LossAttrs:
    """Attributes of a loss.

    Attributes:
        reduction: What becomes of the losses of all elements.
    """

    reduction: Reduction = "mean"


def loss_spec(op: str, reduction: str, shape: tuple[int, ...], dtype: str) -> TensorSpec:
    """What losses of that shape are reduced to."""
    if reduction not in ("mean", "sum", "none"):
        raise ShapeError(f"{op}: expected reduction 'mean', 'sum' or 'none', got {reduction!r}")
    return TensorSpec(shape if reduction == "none" else (), dtype)


def reduction_cost(reduction: str, losses: int) -> Cost:
    """An add per loss, and for a mean one division."""
    if reduction == "none":
        return Cost()
    return Cost(adds=product(losses=losses), divs=0 if reduction == "sum" else product(mean=1))


def share_cost(reduction: str) -> Cost:
    """The division that gives every loss its share of the gradient of their mean."""
    return Cost(divs=product(mean=1)) if reduction in ("mean", "batchmean") else FREE


def reduce_losses(reduction: str, losses: Array) -> Array:
    """Mean or sum of all losses, their sum per sample, or all of them."""
    match reduction:
        case "none":
            return losses
        case "sum":
            return np.asarray(losses.sum())
        case "batchmean":
            return np.asarray(losses.sum() / len(losses))
        case _:
            return np.asarray(losses.mean())


def grad_of_losses(reduction: str, grad_y: Array, like: Array) -> Array:
    """Gradient of each loss; ``like`` gives their number and shape."""
    number = {"mean": like.size, "batchmean": len(like) if like.ndim else 1}.get(reduction, 1)
    return np.broadcast_to(grad_y / number if number != 1 else grad_y, like.shape)


def loss_extent(attrs: Any, x: TensorSpec, *_others: TensorSpec | None) -> Extent:
    """Nothing is mixed but where the losses are reduced."""
    return Mixes(() if attrs.reduction == "none" else tuple(range(len(x.shape))))


def register_loss(
    name: str,
    losses: Callable[..., Array],
    each: Callable[..., Work],
    *,
    gradients: Callable[..., tuple[Array | None, ...]],
    back: Callable[..., tuple[Work | None, ...]],
    saves: Saves,
    inputs: tuple[str, ...] = ("x", "target"),
    attrs: type = LossAttrs,
    check: Callable[[Any, TensorSpec], None] = lambda _attrs, _x: None,
    reductions: Mapping[str, str] = {},
) -> OpDef:
    """Register a loss of each element, reduced.

    Args:
        name: Name in the graph.
        losses: (attrs, *tensors) to the loss of every element.
        each: (attrs, *specs) to the work of one loss, by kind.
        gradients: (attrs, grad, *tensors) to a gradient per tensor, before it is summed to the shape of a weight;
            ``grad`` is the gradient of every loss.
        back: (attrs, wanted, *specs) to the work of these per element, in their order; None where nothing is computed.
        saves: As in ``OpDef``.
        inputs: Names of the tensors; from the third on they are weights, which may be left out and broadcast.
        attrs: Class of the attributes.
        check: Raises ``ShapeError`` where the attributes make no sense.
        reductions: Reductions beyond those of ``LossAttrs``, and which one of these has their shape.
    """

    def shape(attrs: Any, x: TensorSpec, target: TensorSpec, *weights: TensorSpec | None) -> TensorSpec:
        check(attrs, x)
        _check_broadcast(name, x, target, dict(zip(inputs[2:], weights, strict=True)))
        return loss_spec(name, reductions.get(attrs.reduction, attrs.reduction), x.shape, x.dtype)

    def cost(attrs: Any, *specs: TensorSpec) -> Cost:
        return work_of(specs[0].numel, each(attrs, *specs)) + reduction_cost(attrs.reduction, specs[0].numel)

    def forward(attrs: Any, *tensors: Array) -> Array:
        return reduce_losses(attrs.reduction, losses(attrs, *tensors))

    def backward(attrs: Any, grad_y: Array, *tensors: Array) -> tuple[Array | None, ...]:
        grads = gradients(attrs, grad_of_losses(attrs.reduction, grad_y, tensors[0]), *tensors)
        return tuple(
            None if grad is None else unbroadcast(grad, x.shape) for grad, x in zip(grads, tensors, strict=True)
        )

    def backward_cost(attrs: Any, wanted: Wanted, *specs: TensorSpec | None) -> Cost:
        asked = tuple(want and spec is not None for want, spec in zip(wanted, specs, strict=True))
        if not any(asked):
            return FREE
        assert specs[0] is not None
        elements = specs[0].numel
        works = zip(back(attrs, asked, *specs), asked, specs, strict=True)
        each = (work_of(elements, work or {}) + _summed(elements, spec) for work, want, spec in works if want)
        return sum(each, start=share_cost(attrs.reduction))

    return define(
        name=name,
        kind="loss",
        attrs=attrs,
        inputs=inputs,
        shape=shape,
        cost=cost,
        forward=forward,
        backward=backward,
        backward_cost=backward_cost,
        saves=saves,
        extent=loss_extent,
    )


def _check_broadcast(op: str, x: TensorSpec, target: TensorSpec, weights: Mapping[str, TensorSpec | None]) -> None:
    if x.shape != target.shape:
        raise ShapeError(f"{op}: expected x and target of the same shape, got {x.shape} and {target.shape}")
    for slot, weight in weights.items():
        if weight is not None and broadcast_shape(op, x.shape, weight.shape) != x.shape:
            raise ShapeError(f"{op}: expected {slot} that broadcasts to {x.shape}, got {weight.shape}")


def _summed(elements: int, spec: TensorSpec | None) -> Cost:
    """Adds that the gradient of a stretched weight takes."""
    return FREE if spec is None else unbroadcast_cost(elements, spec.numel)
