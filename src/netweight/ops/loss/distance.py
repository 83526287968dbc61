"""Losses of the distance between predictions and targets: absolute, and square near zero.

Shapes
    x, target  of the same shape
    y          () for the reductions "mean" and "sum", else that of the target

Source: torch.nn.functional.l1_loss, smooth_l1_loss, huber_loss; Huber 1964; Girshick 2015, "Fast R-CNN".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.arrays.elementwise import work_of
from netweight.ops.loss.classes import (
    Reduction,
    grad_of_losses,
    loss_reach,
    loss_spec,
    reduce_losses,
    reduction_cost,
    share_cost,
)
from netweight.ops.table import FREE, Array, Cost, OpDef, Wanted, register


@dataclass(frozen=True, slots=True, kw_only=True)
class LossAttrs:
    """Attributes of a loss.

    Attributes:
        reduction: What becomes of the losses of all elements.
    """

    reduction: Reduction = "mean"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmoothL1LossAttrs(LossAttrs):
    """Attributes of the smooth absolute error, beside those of any loss.

    Attributes:
        beta: Distance up to which it is a square; 0 for the absolute error.
    """

    beta: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HuberLossAttrs(LossAttrs):
    """Attributes of the Huber loss, beside those of any loss.

    Attributes:
        delta: Distance up to which it is a square, and its slope from there on.
    """

    delta: float = 1.0


def register_distance(
    name: str,
    *,
    each: dict[str, int],
    back: dict[str, int],
    losses: Callable[[Any, Array], Array],
    slopes: Callable[[Any, Array], Array],
    attrs: type = LossAttrs,
    check: Callable[[Any], None] = lambda _attrs: None,
) -> OpDef:
    """Register a loss of the difference d = x - target.

    Args:
        name: Name in the graph.
        each: Work per element, by kind, that of the difference included.
        back: Work per element of the slope and of its product with the gradient.
        losses: Loss of every difference.
        slopes: Its derivative.
        attrs: Class of the attributes.
        check: Raises ``ShapeError`` where the attributes make no sense.
    """

    def shape(attrs: Any, x: TensorSpec, target: TensorSpec) -> TensorSpec:
        check(attrs)
        if x.shape != target.shape:
            raise ShapeError(f"{name}: expected x and target of the same shape, got {x.shape} and {target.shape}")
        return loss_spec(name, attrs.reduction, x.shape, x.dtype)

    def cost(attrs: Any, x: TensorSpec, _target: TensorSpec) -> Cost:
        return work_of(x.numel, each) + reduction_cost(attrs.reduction, x.numel)

    def forward(attrs: Any, x: Array, target: Array) -> Array:
        return reduce_losses(attrs.reduction, losses(attrs, x - target))

    def backward(attrs: Any, grad_y: Array, x: Array, target: Array) -> tuple[Array, Array]:
        grad_x = slopes(attrs, x - target) * grad_of_losses(attrs.reduction, grad_y, x)
        return grad_x, -grad_x

    def backward_cost(attrs: Any, wanted: Wanted, x: TensorSpec, _target: TensorSpec) -> Cost:
        if not any(wanted):
            return FREE
        cost = work_of(x.numel, back) + share_cost(attrs.reduction)
        return cost + work_of(x.numel, {"adds": 1}) if wanted[1] else cost

    return register(
        OpDef(
            name=name,
            kind="loss",
            attrs=attrs,
            inputs=("x", "target"),
            shape=shape,
            cost=cost,
            forward=forward,
            backward=backward,
            backward_cost=backward_cost,
            saves=("x", "target"),
            reach=loss_reach,
        )
    )


def l1_losses(_attrs: LossAttrs, d: Array) -> Array:
    """|d|."""
    return np.abs(d)


def l1_slopes(_attrs: LossAttrs, d: Array) -> Array:
    """The sign of d."""
    return np.sign(d)


def smooth_l1_losses(attrs: SmoothL1LossAttrs, d: Array) -> Array:
    """d² / (2 beta) if |d| < beta else |d| - beta / 2."""
    size = np.abs(d)
    return np.where(size < attrs.beta, d * d * (0.5 / (attrs.beta or 1)), size - 0.5 * attrs.beta)


def smooth_l1_slopes(attrs: SmoothL1LossAttrs, d: Array) -> Array:
    """d / beta within, the sign beyond."""
    return np.where(np.abs(d) < attrs.beta, d / (attrs.beta or 1), np.sign(d))


def huber_losses(attrs: HuberLossAttrs, d: Array) -> Array:
    """d² / 2 if |d| < delta else delta (|d| - delta / 2)."""
    size = np.abs(d)
    return np.where(size < attrs.delta, d * d * 0.5, attrs.delta * (size - 0.5 * attrs.delta))


def huber_slopes(attrs: HuberLossAttrs, d: Array) -> Array:
    """d, no steeper than delta."""
    return np.clip(d, -attrs.delta, attrs.delta)


def _check_beta(attrs: SmoothL1LossAttrs) -> None:
    if attrs.beta < 0:
        raise ShapeError(f"smooth_l1_loss: expected beta of at least 0, got {attrs.beta}")


def _check_delta(attrs: HuberLossAttrs) -> None:
    if attrs.delta <= 0:
        raise ShapeError(f"huber_loss: expected delta above 0, got {attrs.delta}")


L1_LOSS = register_distance(
    "l1_loss",
    each={"adds": 1, "compares": 1},
    back={"adds": 1, "compares": 1, "muls": 1},
    losses=l1_losses,
    slopes=l1_slopes,
)
# The difference, its size, which branch; a square and its factor (the other branch: a sum).
SMOOTH_L1_LOSS = register_distance(
    "smooth_l1_loss",
    each={"adds": 1, "compares": 2, "muls": 2},
    back={"adds": 1, "compares": 2, "muls": 2},
    losses=smooth_l1_losses,
    slopes=smooth_l1_slopes,
    attrs=SmoothL1LossAttrs,
    check=_check_beta,
)
# Likewise; the other branch: a sum and its factor.
HUBER_LOSS = register_distance(
    "huber_loss",
    each={"adds": 1, "compares": 2, "muls": 2},
    back={"adds": 1, "compares": 2, "muls": 1},
    losses=huber_losses,
    slopes=huber_slopes,
    attrs=HuberLossAttrs,
    check=_check_delta,
)
