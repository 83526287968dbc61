"""Losses."""

from __future__ import annotations

from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.step import Step


def _reduced(step: Step, losses: str, reduction: str) -> None:
    """Mean or sum of all losses, or all of them."""
    if reduction == "none":
        step.as_result(losses)
    else:
        step.result("ReduceMean" if reduction == "mean" else "ReduceSum", losses, keepdims=0)


@writes("cross_entropy")
def cross_entropy(step: Step) -> None:
    """SoftmaxCrossEntropyLoss; smoothed targets by hand."""
    attrs = step.attrs
    x, _, weight = (*step.names, "")[:3]
    target, settings = step.typed(1, "int64"), {"ignore_index": attrs.ignore_index}
    if not attrs.label_smoothing:
        step.result("SoftmaxCrossEntropyLoss", x, target, weight, reduction=attrs.reduction, **settings)
        return
    logs = step.value("LogSoftmax", x, axis=1)
    picked = step.value("NegativeLogLikelihoodLoss", logs, target, weight, reduction="none", **settings)
    if weight:
        logs = step.value("Mul", logs, step.reshaped(weight, (-1, *(1,) * (len(step.x.shape) - 2))))
    spread = step.value("Neg", step.value("ReduceMean", logs, step.ints(1), keepdims=0))
    parts = (
        step.value("Mul", picked, step.scalar(1 - attrs.label_smoothing)),
        step.value("Mul", _where_counted(step, target, spread), step.scalar(attrs.label_smoothing)),
    )
    losses = step.value("Add", *parts)
    if attrs.reduction == "mean":
        totals = (step.value("ReduceSum", x, keepdims=0) for x in (losses, _weights(step, target, weight)))
        step.result("Div", *totals)
    else:
        _reduced(step, losses, attrs.reduction)


def _where_counted(step: Step, target: str, values: str) -> str:
    """Values of the positions that are not ignored, 0 for the others."""
    ignored = step.value("Equal", target, step.scalar(step.attrs.ignore_index, "int64"))
    return step.value("Where", ignored, step.scalar(0), values)


def _weights(step: Step, target: str, weight: str) -> str:
    """How much each position counts."""
    if not weight:
        return _where_counted(step, target, step.scalar(1))
    ignored = step.value("Equal", target, step.scalar(step.attrs.ignore_index, "int64"))
    known = step.value("Where", ignored, step.scalar(0, "int64"), target)
    return _where_counted(step, target, step.value("Gather", weight, known))


@writes("nll_loss")
def nll_loss(step: Step) -> None:
    """NegativeLogLikelihoodLoss."""
    attrs = step.attrs
    x, _, weight = (*step.names, "")[:3]
    target = step.typed(1, "int64")
    step.result(
        "NegativeLogLikelihoodLoss", x, target, weight, reduction=attrs.reduction, ignore_index=attrs.ignore_index
    )


@writes("mse_loss")
def mse_loss(step: Step) -> None:
    """Square of the distance."""
    away = step.value("Sub", *step.names)
    _reduced(step, step.value("Mul", away, away), step.attrs.reduction)


@writes("l1_loss")
def l1_loss(step: Step) -> None:
    """Abs of the distance."""
    _reduced(step, step.value("Abs", step.value("Sub", *step.names)), step.attrs.reduction)


@writes("smooth_l1_loss", "huber_loss")
def huber_loss(step: Step) -> None:
    """Square near zero, straight beyond."""
    attrs = step.attrs
    huber = step.node.op == "huber_loss"
    edge = attrs.delta if huber else attrs.beta
    away = step.value("Sub", *step.names)
    size = step.value("Abs", away)
    near = step.value("Mul", step.value("Mul", away, away), step.scalar(0.5 if huber else 0.5 / (edge or 1)))
    far = step.value("Sub", size, step.scalar(0.5 * edge))
    far = step.value("Mul", far, step.scalar(edge)) if huber else far
    _reduced(step, step.value("Where", step.value("Less", size, step.scalar(edge)), near, far), attrs.reduction)


@writes("kl_div")
def kl_div(step: Step) -> None:
    """target * (log(target) - x), 0 where the target is."""
    attrs = step.attrs
    x, target = step.names
    zero = step.scalar(0)
    if attrs.log_target:
        p, log_p = step.value("Exp", target), target
    else:
        positive = step.value("Where", step.value("Greater", target, zero), target, step.scalar(1))
        p, log_p = target, step.value("Log", positive)
    losses = step.value("Mul", p, step.value("Sub", log_p, x))
    losses = step.value("Where", step.value("Greater", p, zero), losses, zero)
    if attrs.reduction == "batchmean":
        total = step.value("ReduceSum", losses, keepdims=0)
        step.result("Div", total, step.scalar(step.x.shape[0]))
    else:
        _reduced(step, losses, attrs.reduction)


@writes("binary_cross_entropy")
def binary_cross_entropy(step: Step) -> None:
    """-(target log(x) + (1 - target) log(1 - x)), logarithms no lower than -100 as in PyTorch."""
    x, target, weight = step.names
    one, lowest = step.scalar(1), step.scalar(-100)
    log_x = step.value("Max", step.value("Log", x), lowest)
    log_rest = step.value("Max", step.value("Log", step.value("Sub", one, x)), lowest)
    hit = step.value("Mul", target, log_x)
    missed = step.value("Mul", step.value("Sub", one, target), log_rest)
    losses = step.value("Neg", step.value("Add", hit, missed))
    _reduced(step, step.value("Mul", losses, weight) if weight else losses, step.attrs.reduction)


@writes("binary_cross_entropy_with_logits")
def with_logits(step: Step) -> None:
    """(1 - target) x + (1 + (p - 1) target) Softplus(-x), p the weight of positive ones."""
    x, target, weight, pos_weight = step.names
    one = step.scalar(1)
    missed = step.value("Softplus", step.value("Neg", x))
    if pos_weight:
        share = step.value("Mul", step.value("Sub", pos_weight, one), target)
        missed = step.value("Mul", step.value("Add", share, one), missed)
    losses = step.value("Add", step.value("Mul", step.value("Sub", one, target), x), missed)
    _reduced(step, step.value("Mul", losses, weight) if weight else losses, step.attrs.reduction)
