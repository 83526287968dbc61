"""Losses of class numbers: minus the logarithm of the probability of the right class.

Shapes
    x       (N, C, ...): logarithms of probabilities; before softmax for cross_entropy
    target  (N, ...), class numbers of an integer type
    weight  (C,), how much each class counts, or None
    y       () for the reductions "mean" and "sum", else (N, ...)

With p the probabilities, w the weights, t the target and s the label smoothing, a position's loss is
    nll_loss       w_t * -x_t
    cross_entropy  (1 - s) * w_t * -log p_t  +  s * mean over classes c of w_c * -log p_c
and 0 where it is ignored. A mean is over the weights w_t of the positions.

Source: torch.nn.functional.cross_entropy, nll_loss; ONNX SoftmaxCrossEntropyLoss, NegativeLogLikelihoodLoss; label
smoothing, Szegedy et al. 2016, section 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from netweight.count import product
from netweight.errors import ShapeError, UsageError
from netweight.ir import TensorSpec, is_floating
from netweight.lazy import Array, np
from netweight.ops.arrays.elementwise import work_of
from netweight.ops.extent import Extent, Mixes
from netweight.ops.loss.reduction import Reduction, loss_spec, reduce_losses, reduction_cost, share_cost
from netweight.ops.norm.softmax import SoftmaxAttrs, log_softmax_cost, log_softmax_forward
from netweight.ops.table import COPIED, FREE, Cost, Wanted, define

_OVER_CLASSES = SoftmaxAttrs(dim=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NllLossAttrs:
    """Attributes of the negative log-likelihood.

    Attributes:
        reduction: What becomes of the losses of all positions; the mean is over their weights.
        ignore_index: Class number of positions that do not count.
    """

    reduction: Reduction = "mean"
    ignore_index: int = -100


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossEntropyAttrs(NllLossAttrs):
    """Attributes of cross entropy, beside those of the negative log-likelihood.

    Attributes:
        label_smoothing: Share of the target that is spread evenly over all classes.
    """

    label_smoothing: float = 0.0


def nll_loss_shape(
    attrs: NllLossAttrs, x: TensorSpec, target: TensorSpec, weight: TensorSpec | None = None
) -> TensorSpec:
    """The reduced losses."""
    return _spec("nll_loss", attrs, x, target, weight)


def nll_loss_cost(attrs: NllLossAttrs, _x: TensorSpec, target: TensorSpec, weight: TensorSpec | None = None) -> Cost:
    """That of the reduction, as if nothing were ignored; picking is free.

    A weight is a product per position, and for the mean another sum.
    """
    cost = reduction_cost(attrs.reduction, target.numel)
    if weight is None:
        return cost
    total_weight = product(losses=target.numel) if attrs.reduction == "mean" else 0
    return cost + Cost(muls=product(losses=target.numel), adds=total_weight)


def nll_loss_forward(attrs: NllLossAttrs, x: Array, target: Array, weight: Array | None = None) -> Array:
    """Minus the weighted element of the target's class; 0 where it is ignored.

    Raises:
        UsageError: If a class number is out of range.
    """
    losses, weights = _picked("nll_loss", attrs, x, target, weight)
    return _reduced(attrs, losses * weights, weights)


def nll_loss_backward(
    attrs: NllLossAttrs, grad_y: Array, x: Array, target: Array, weight: Array | None = None, *, y: Array
) -> tuple[Array | None, ...]:
    """Minus the weight at the class of the target; of a mean its share."""
    losses, weights = _picked("nll_loss", attrs, x, target, weight)
    share = _share(attrs, grad_y, weights)
    grad_x = np.zeros(x.shape, x.dtype)
    np.put_along_axis(grad_x, _at(attrs, target), np.expand_dims(-share * weights, 1), axis=1)
    return grad_x, None, _grad_weight(attrs, share, losses, target, weight, y)


def nll_loss_backward_cost(
    attrs: NllLossAttrs, wanted: Wanted, _x: TensorSpec, target: TensorSpec, weight: TensorSpec | None = None
) -> Cost:
    """A product per position where there is a weight; for the weight a product and the sum; for the mean its share.

    Of a mean, the weight of a position is charged with what its loss exceeds the mean by: a subtraction.
    """
    if not (wanted[0] or _asks(wanted)):
        return FREE
    cost = share_cost(attrs.reduction)
    if wanted[0]:
        cost += COPIED if weight is None else Cost(muls=product(losses=target.numel))
    return cost + work_of(target.numel, {"muls": 1, "adds": 1 + _of_mean(attrs)}) if _asks(wanted) else cost


def cross_entropy_shape(
    attrs: CrossEntropyAttrs, x: TensorSpec, target: TensorSpec, weight: TensorSpec | None = None
) -> tuple[TensorSpec, TensorSpec]:
    """The reduced losses, and the logarithms of the probabilities."""
    y = _spec("cross_entropy", attrs, x, target, weight)
    if not 0 <= attrs.label_smoothing <= 1:
        raise ShapeError(f"cross_entropy: expected 0 <= label_smoothing <= 1, got {attrs.label_smoothing}")
    return y, x


def cross_entropy_cost(
    attrs: CrossEntropyAttrs, x: TensorSpec, target: TensorSpec, weight: TensorSpec | None = None
) -> Cost:
    """That of log-softmax over the classes, and of the negative log-likelihood.

    Smoothing adds up the logarithms of all classes, weighed if there are weights, and takes two multiplications and an
    add per position.
    """
    cost = log_softmax_cost(_OVER_CLASSES, x) + nll_loss_cost(attrs, x, target, weight)
    if not attrs.label_smoothing:
        return cost
    cost += work_of(x.numel, {"adds": 1} if weight is None else {"adds": 1, "muls": 1})
    return cost + work_of(target.numel, {"adds": 1, "muls": 2})


def cross_entropy_forward(
    attrs: CrossEntropyAttrs, x: Array, target: Array, weight: Array | None = None
) -> tuple[Array, Array]:
    """Minus the logarithm of the probability of the target; (1 - s) of it and s of the mean over classes if smoothed.

    Raises:
        UsageError: If a class number is out of range.
    """
    log_probs = log_softmax_forward(_OVER_CLASSES, x)
    picked, weights = _picked("cross_entropy", attrs, log_probs, target, weight)
    losses = picked * weights
    if attrs.label_smoothing:
        everywhere = log_probs.mean(axis=1) if weight is None else (log_probs * _along(weight, x)).mean(axis=1)
        spread = everywhere * (target != attrs.ignore_index)
        losses = (1 - attrs.label_smoothing) * losses - attrs.label_smoothing * spread
    return _reduced(attrs, losses, weights), log_probs


def cross_entropy_backward(
    attrs: CrossEntropyAttrs, grad_y: Array, x: Array, target: Array, weight: Array | None = None, *,
    log_probs: Array, y: Array | None = None,
) -> tuple[Array | None, ...]:  # fmt: skip
    """Probabilities less the smoothed target, each class by its weight, times the gradient of each position's loss."""
    smoothing, classes = attrs.label_smoothing, x.shape[1]
    picked, weights = _picked("cross_entropy", attrs, log_probs, target, weight)
    counts = target != attrs.ignore_index
    share = _share(attrs, grad_y, weights)
    all_weights = np.ones(classes, x.dtype) if weight is None else weight
    hit = np.expand_dims(target, 1) == np.arange(classes).reshape(-1, *(1,) * (x.ndim - 2))
    wanted = (1 - smoothing) * np.expand_dims(weights, 1) * hit
    if smoothing:
        wanted = wanted + smoothing / classes * _along(all_weights, x) * np.expand_dims(counts, 1)
    grad_x = np.expand_dims(share, 1) * (np.exp(log_probs) * wanted.sum(axis=1, keepdims=True) - wanted)
    grad_weight = _grad_weight(attrs, share, (1 - smoothing) * picked, target, weight, y)
    if grad_weight is not None and smoothing:
        spread = np.expand_dims(share * counts, 1) * log_probs
        grad_weight = grad_weight - smoothing / classes * spread.sum(axis=(0, *range(2, x.ndim)))
    return grad_x, None, grad_weight


def cross_entropy_backward_cost(
    attrs: CrossEntropyAttrs, wanted: Wanted, x: TensorSpec, target: TensorSpec, weight: TensorSpec | None = None
) -> Cost:
    """Per element an exponential, less what was wanted, times the gradient of the loss; for the mean its share.

    The weight of a position is a product with that gradient. Weights of smoothed targets take another product per
    element, with the sum of what was wanted: that is a product and two adds per position, and a product and an add per
    class. For the weights themselves that of the negative log-likelihood; with smoothing a product and an add per
    element, one product more per position, and a product and a subtraction per class.
    """
    smoothed = bool(attrs.label_smoothing)
    if not (wanted[0] or _asks(wanted)):
        return FREE
    cost = share_cost(attrs.reduction)
    if wanted[0]:
        cost += work_of(x.numel, {"exps": 1, "adds": 1, "muls": 1})
        if weight is not None and smoothed:
            cost += work_of(target.numel, {"adds": 2, "muls": 1}) + work_of(weight.numel, {"adds": 1, "muls": 1})
            cost += work_of(x.numel, {"muls": 1})
        elif weight is not None:
            cost += work_of(target.numel, {"muls": 1})
    if _asks(wanted):
        cost += work_of(target.numel, {"muls": 1 + smoothed, "adds": 1 + _of_mean(attrs)})
        cost += work_of(x.numel + x.shape[1], {"muls": 1, "adds": 1}) if smoothed else FREE
    return cost


def classes_extent(attrs: NllLossAttrs, x: TensorSpec, *_others: TensorSpec | None) -> Extent:
    """The classes are mixed, and everything where the losses are reduced."""
    return Mixes((1,) if attrs.reduction == "none" else tuple(range(len(x.shape))))


def _spec(op: str, attrs: NllLossAttrs, x: TensorSpec, target: TensorSpec, weight: TensorSpec | None) -> TensorSpec:
    if len(x.shape) < 2 or target.shape != (x.shape[0], *x.shape[2:]):
        raise ShapeError(f"{op}: expected x (N, C, ...) and target (N, ...), got {x.shape} and {target.shape}")
    if is_floating(target.dtype):
        raise ShapeError(f"{op}: expected class numbers of an integer type, got target of {target.dtype}")
    if weight is not None and weight.shape != x.shape[1:2]:
        raise ShapeError(f"{op}: expected weight of shape ({x.shape[1]},), got {weight.shape}")
    return loss_spec(op, attrs.reduction, target.shape, x.dtype)


def _at(attrs: NllLossAttrs, target: Array) -> Array:
    """Class numbers as positions along the classes; 0 where they are ignored."""
    return np.expand_dims(np.where(target == attrs.ignore_index, 0, target).astype(np.intp), 1)


def _picked(op: str, attrs: NllLossAttrs, x: Array, target: Array, weight: Array | None) -> tuple[Array, Array]:
    """Loss and weight of every position; those ignored have weight 0."""
    counts = target != attrs.ignore_index
    wrong = target[((target < 0) | (target >= x.shape[1])) & counts]
    if wrong.size:
        raise UsageError(f"{op}: expected classes from 0 to {x.shape[1] - 1}, got {wrong.flat[0]}")
    at = _at(attrs, target)
    weights = np.ones(target.shape, x.dtype) if weight is None else weight[at[:, 0]]
    return -np.take_along_axis(x, at, axis=1)[:, 0], weights * counts


def _reduced(attrs: NllLossAttrs, losses: Array, weights: Array) -> Array:
    if attrs.reduction == "mean" and not (weights == 1).all():
        return np.asarray(losses.sum() / weights.sum())
    return reduce_losses(attrs.reduction, losses)


def _share(attrs: NllLossAttrs, grad_y: Array, weights: Array) -> Array:
    """Gradient of each position's loss, before its weight."""
    return np.broadcast_to(grad_y / weights.sum() if attrs.reduction == "mean" else grad_y, weights.shape)


def _grad_weight(
    attrs: NllLossAttrs, share: Array, losses: Array, target: Array, weight: Array | None, y: Any
) -> Array | None:
    """Sum of the losses of each class; of a mean, of what they exceed it by."""
    if weight is None:
        return None
    exceeding = losses - y if attrs.reduction == "mean" else losses
    grad_weight = np.zeros(weight.shape, share.dtype)
    np.add.at(grad_weight, _at(attrs, target)[:, 0], share * exceeding * (target != attrs.ignore_index))
    return grad_weight


def _along(weight: Array, x: Array) -> Array:
    return weight.reshape(-1, *(1,) * (x.ndim - 2))


def _of_mean(attrs: NllLossAttrs) -> bool:
    return attrs.reduction == "mean"


def _asks(wanted: Wanted) -> bool:
    """Whether the gradient of the weight is wanted."""
    return any(wanted[2:])


NLL_LOSS = define(
    name="nll_loss",
    kind="loss",
    attrs=NllLossAttrs,
    inputs=("x", "target", "weight"),
    shape=nll_loss_shape,
    cost=nll_loss_cost,
    forward=nll_loss_forward,
    backward=nll_loss_backward,
    backward_cost=nll_loss_backward_cost,
    saves={"target": ("x", "weight"), "weight": ("x", "weight"), "x": ("weight",), "y": ("weight",)},
    extent=classes_extent,
)

CROSS_ENTROPY = define(
    name="cross_entropy",
    kind="loss",
    attrs=CrossEntropyAttrs,
    inputs=("x", "target", "weight"),
    shape=cross_entropy_shape,
    cost=cross_entropy_cost,
    forward=cross_entropy_forward,
    backward=cross_entropy_backward,
    backward_cost=cross_entropy_backward_cost,
    saves={
        "target": ("x", "weight"),
        "weight": ("x", "weight"),
        "log_probs": ("x", "weight"),
        "y": ("weight",),
    },
    extras=("log_probs",),
    extent=classes_extent,
)
