"""More losses."""

from __future__ import annotations

from typing import Literal

from netweight.ops.loss.classes import Reduction
from netweight.ops.loss.distance import HuberLossAttrs, LossAttrs, SmoothL1LossAttrs
from netweight.ops.loss.likelihood import KlDivAttrs, NllLossAttrs
from netweight.sources.build.core import Symbol, call


def nll_loss(
    x: Symbol,
    target: Symbol,
    weight: Symbol | None = None,
    *,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
    name: str = "nll_loss",
) -> Symbol:
    """Minus the element of the target's class; ``x`` (N, C, ...) of logarithms, ``weight`` one number per class."""
    attrs = NllLossAttrs(reduction=reduction, ignore_index=ignore_index)
    return call("nll_loss", attrs, x, target, weight, name=name)


def kl_div(
    x: Symbol,
    target: Symbol,
    *,
    reduction: Reduction | Literal["batchmean"] = "mean",
    log_target: bool = False,
    name: str = "kl_div",
) -> Symbol:
    """target * (log(target) - x); ``x`` of logarithms, and the target as well where ``log_target`` says so."""
    return call("kl_div", KlDivAttrs(reduction=reduction, log_target=log_target), x, target, name=name)


def binary_cross_entropy(
    x: Symbol,
    target: Symbol,
    weight: Symbol | None = None,
    *,
    reduction: Reduction = "mean",
    name: str = "binary_cross_entropy",
) -> Symbol:
    """-(target log(x) + (1 - target) log(1 - x)); ``x`` of probabilities, ``weight`` any that broadcasts."""
    return call("binary_cross_entropy", LossAttrs(reduction=reduction), x, target, weight, name=name)


def binary_cross_entropy_with_logits(
    x: Symbol,
    target: Symbol,
    weight: Symbol | None = None,
    *,
    reduction: Reduction = "mean",
    pos_weight: Symbol | None = None,
    name: str = "binary_cross_entropy_with_logits",
) -> Symbol:
    """Binary cross entropy of the sigmoid of ``x``; ``pos_weight`` weighs the targets that are 1."""
    attrs = LossAttrs(reduction=reduction)
    return call("binary_cross_entropy_with_logits", attrs, x, target, weight, pos_weight, name=name)


def l1_loss(x: Symbol, target: Symbol, *, reduction: Reduction = "mean", name: str = "l1_loss") -> Symbol:
    """abs(x - target), reduced."""
    return call("l1_loss", LossAttrs(reduction=reduction), x, target, name=name)


def smooth_l1_loss(
    x: Symbol, target: Symbol, *, reduction: Reduction = "mean", beta: float = 1.0, name: str = "smooth_l1_loss"
) -> Symbol:
    """abs(x - target) less beta / 2, and a square up to ``beta``."""
    return call("smooth_l1_loss", SmoothL1LossAttrs(reduction=reduction, beta=beta), x, target, name=name)


def huber_loss(
    x: Symbol, target: Symbol, *, reduction: Reduction = "mean", delta: float = 1.0, name: str = "huber_loss"
) -> Symbol:
    """Half the square of x - target up to ``delta``, a line from there on."""
    return call("huber_loss", HuberLossAttrs(reduction=reduction, delta=delta), x, target, name=name)
