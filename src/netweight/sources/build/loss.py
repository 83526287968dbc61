"""Losses."""

from __future__ import annotations

from netweight.ops.loss.classes import CrossEntropyAttrs, MseLossAttrs, Reduction
from netweight.sources.build.core import Symbol, call


def cross_entropy(
    x: Symbol,
    target: Symbol,
    *,
    reduction: Reduction = "mean",
    label_smoothing: float = 0.0,
    name: str = "cross_entropy",
) -> Symbol:
    """Minus the logarithm of the softmax probability of the target class.

    Args:
        x: (N, C, ...), before softmax.
        target: (N, ...), class numbers of any integer type.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        label_smoothing: Share of the target that is spread evenly over all classes.
        name: Last part of the module path.
    """
    attrs = CrossEntropyAttrs(reduction=reduction, label_smoothing=label_smoothing)
    return call("cross_entropy", attrs, x, target, name=name)


def mse_loss(x: Symbol, target: Symbol, *, reduction: Reduction = "mean", name: str = "mse_loss") -> Symbol:
    """(x - target)², reduced."""
    return call("mse_loss", MseLossAttrs(reduction=reduction), x, target, name=name)
