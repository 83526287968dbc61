"""Losses.

Each takes predictions and targets, which may broadcast, and a ``reduction``: ``"mean"``, ``"sum"``, or ``"none"``.
"""

from __future__ import annotations

from netweight.functions.recorder import Recorder, T
from netweight.ir import is_floating
from netweight.ops.arrays.broadcast import broadcast_shape
from netweight.ops.loss.classes import CrossEntropyAttrs, NllLossAttrs
from netweight.ops.loss.distance import HuberLossAttrs, SmoothL1LossAttrs
from netweight.ops.loss.probabilities import DivergenceReduction, KlDivAttrs
from netweight.ops.loss.reduction import LossAttrs, Reduction
from netweight.ops.move.layout import ExpandAttrs, ReshapeAttrs
from netweight.ops.norm.softmax import SoftmaxAttrs
from netweight.ops.pointwise.scalar import ScalarAttrs
from netweight.ops.reduce.reduction import ReduceAttrs


def cross_entropy(
    rec: Recorder,
    x: T,
    target: T,
    weight: T | None = None,
    *,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
    label_smoothing: float = 0.0,
) -> T:
    """Minus the logarithm of the softmax probability of the target class.

    Args:
        rec: Where it is recorded.
        x: (N, C, ...), before softmax.
        target: (N, ...), class numbers of any integer type; or probabilities in the shape of ``x``.
        weight: (C,), how much each class counts.
        ignore_index: Class number of positions that do not count.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        label_smoothing: Share of the target that is spread evenly over all classes.
    """
    if is_floating(rec.spec(target).dtype):
        return _against_probabilities(rec, x, target, weight, reduction, label_smoothing)
    attrs = CrossEntropyAttrs(reduction=reduction, ignore_index=ignore_index, label_smoothing=float(label_smoothing))
    return rec.op("cross_entropy", attrs, x, target, weight)


def _against_probabilities(
    rec: Recorder, x: T, target: T, weight: T | None, reduction: Reduction, label_smoothing: float
) -> T:
    """Minus the sum of the target, times the logarithms of all probabilities; a mean is over positions."""
    shape = rec.spec(x).shape
    if label_smoothing:
        target = rec.op("mul_scalar", ScalarAttrs(value=1 - label_smoothing), target)
        target = rec.op("add_scalar", ScalarAttrs(value=label_smoothing / shape[1]), target)
    logs = rec.op("log_softmax", SoftmaxAttrs(dim=1), x)
    if weight is not None:
        column = rec.op("reshape", ReshapeAttrs(shape=(shape[1], *(1,) * (len(shape) - 2))), weight)
        logs = rec.op("mul", None, logs, column)
    losses = rec.op("neg", None, rec.op("sum", ReduceAttrs(dims=(1,)), rec.op("mul", None, logs, target)))
    return losses if reduction == "none" else rec.op(reduction, ReduceAttrs(), losses)


def nll_loss(
    rec: Recorder,
    x: T,
    target: T,
    weight: T | None = None,
    *,
    ignore_index: int = -100,
    reduction: Reduction = "mean",
) -> T:
    """Minus the element of the target's class; ``x`` (N, C, ...) of logarithms, ``weight`` one number per class."""
    return rec.op("nll_loss", NllLossAttrs(reduction=reduction, ignore_index=ignore_index), x, target, weight)


def kl_div(
    rec: Recorder,
    x: T,
    target: T,
    *,
    reduction: DivergenceReduction = "mean",
    log_target: bool = False,
) -> T:
    """target * (log(target) - x); ``x`` of logarithms, and the target as well where ``log_target`` says so."""
    return rec.op("kl_div", KlDivAttrs(reduction=reduction, log_target=log_target), *_stretched(rec, x, target))


def binary_cross_entropy(
    rec: Recorder, x: T, target: T, weight: T | None = None, *, reduction: Reduction = "mean"
) -> T:
    """-(target log(x) + (1 - target) log(1 - x)); ``x`` of probabilities, ``weight`` any that broadcasts."""
    return rec.op("binary_cross_entropy", LossAttrs(reduction=reduction), x, target, weight)


def binary_cross_entropy_with_logits(
    rec: Recorder,
    x: T,
    target: T,
    weight: T | None = None,
    *,
    reduction: Reduction = "mean",
    pos_weight: T | None = None,
) -> T:
    """Binary cross entropy of the sigmoid of ``x``; ``pos_weight`` weighs the targets that are 1."""
    return rec.op("binary_cross_entropy_with_logits", LossAttrs(reduction=reduction), x, target, weight, pos_weight)


def mse_loss(rec: Recorder, x: T, target: T, *, reduction: Reduction = "mean") -> T:
    """(x - target)², reduced."""
    return rec.op("mse_loss", LossAttrs(reduction=reduction), *_stretched(rec, x, target))


def l1_loss(rec: Recorder, x: T, target: T, *, reduction: Reduction = "mean") -> T:
    """abs(x - target), reduced."""
    return rec.op("l1_loss", LossAttrs(reduction=reduction), *_stretched(rec, x, target))


def smooth_l1_loss(rec: Recorder, x: T, target: T, *, reduction: Reduction = "mean", beta: float = 1.0) -> T:
    """abs(x - target) less beta / 2, and a square up to ``beta``; the L1 loss for a ``beta`` of zero."""
    if beta == 0:
        return l1_loss(rec, x, target, reduction=reduction)
    attrs = SmoothL1LossAttrs(reduction=reduction, beta=float(beta))
    return rec.op("smooth_l1_loss", attrs, *_stretched(rec, x, target))


def huber_loss(rec: Recorder, x: T, target: T, *, reduction: Reduction = "mean", delta: float = 1.0) -> T:
    """Half the square of x - target up to ``delta``, a line from there on."""
    attrs = HuberLossAttrs(reduction=reduction, delta=float(delta))
    return rec.op("huber_loss", attrs, *_stretched(rec, x, target))


def _stretched(rec: Recorder, *tensors: T) -> list[T]:
    """Tensors that broadcast, in one shape."""
    shapes = [rec.spec(x).shape for x in tensors]
    shape = broadcast_shape("loss", *shapes)
    return [
        x if own == shape else rec.op("expand", ExpandAttrs(shape=shape), x)
        for x, own in zip(tensors, shapes, strict=True)
    ]
