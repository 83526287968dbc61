"""Losses of the distance between predictions and targets: square, absolute, and square near zero.

Source: torch.nn.functional.mse_loss, l1_loss, smooth_l1_loss, huber_loss; Huber 1964; Girshick 2015, "Fast R-CNN".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.loss.reduction import LossAttrs, Work, register_loss
from netweight.ops.table import OpDef, Wanted


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
    losses: Callable[[Any, Array], Array],
    each: Work,
    slopes: Callable[[Any, Array], Array],
    back: Work,
    *,
    attrs: type = LossAttrs,
    check: Callable[[Any, TensorSpec], None] = lambda _attrs, _x: None,
) -> OpDef:
    """Register a loss of the difference d = x - target.

    Args:
        name: Name in the graph.
        losses: Loss of every difference.
        each: Work of one, by kind, that of the difference included.
        slopes: Derivative of every loss.
        back: Work of one, of the difference, and of the product with the gradient.
        attrs: Class of the attributes.
        check: Raises ``ShapeError`` where the attributes make no sense.
    """

    def gradients(attrs: Any, grad: Array, x: Array, target: Array) -> tuple[Array, Array]:
        grad_x = slopes(attrs, x - target) * grad
        return grad_x, -grad_x

    def work(_attrs: Any, wanted: Wanted, *_specs: TensorSpec) -> tuple[Work, Work]:
        turned = {"adds": 1}  # the sign of that of ``target``
        return back, turned if wanted[0] else {**back, "adds": back.get("adds", 0) + 1}

    return register_loss(
        name,
        lambda attrs, x, target: losses(attrs, x - target),
        lambda *_specs: each,
        gradients=gradients,
        back=work,
        saves=("x", "target"),
        attrs=attrs,
        check=check,
    )


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


def _check_beta(attrs: SmoothL1LossAttrs, _x: TensorSpec) -> None:
    if attrs.beta < 0:
        raise ShapeError(f"smooth_l1_loss: expected beta of at least 0, got {attrs.beta}")


def _check_delta(attrs: HuberLossAttrs, _x: TensorSpec) -> None:
    if attrs.delta <= 0:
        raise ShapeError(f"huber_loss: expected delta above 0, got {attrs.delta}")


MSE_LOSS = register_distance(
    "mse_loss", lambda _attrs, d: d**2, {"adds": 1, "muls": 1}, lambda _attrs, d: 2 * d, {"adds": 1, "muls": 2}
)
L1_LOSS = register_distance(
    "l1_loss",
    lambda _attrs, d: np.abs(d),
    {"adds": 1, "compares": 1},
    lambda _attrs, d: np.sign(d),
    {"adds": 1, "compares": 1, "muls": 1},
)
# The difference, its size, which branch; a square and its factor (the other branch: a sum).
SMOOTH_L1_LOSS = register_distance(
    "smooth_l1_loss",
    smooth_l1_losses,
    {"adds": 1, "compares": 2, "muls": 2},
    smooth_l1_slopes,
    {"adds": 1, "compares": 2, "muls": 2},
    attrs=SmoothL1LossAttrs,
    check=_check_beta,
)
# Likewise; the other branch: a sum and its factor. The slope is d, no steeper than delta.
HUBER_LOSS = register_distance(
    "huber_loss",
    huber_losses,
    {"adds": 1, "compares": 2, "muls": 2},
    lambda attrs, d: np.clip(d, -attrs.delta, attrs.delta),
    {"adds": 1, "compares": 2, "muls": 1},
    attrs=HuberLossAttrs,
    check=_check_delta,
)
