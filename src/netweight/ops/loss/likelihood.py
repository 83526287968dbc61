"""Losses of distributions: minus the logarithm of a class's probability, and the divergence of two distributions.

Shapes
    nll_loss  x (N, C, ...) of logarithms, target (N, ...) of class numbers, weight (C,) or None
    kl_div    x and target of the same shape; x of logarithms
    y         () if reduced, else (N, ...) or the shape of the target

Source: torch.nn.functional.nll_loss, kl_div; Kullback & Leibler 1951.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec, is_floating
from netweight.lazy import np
from netweight.ops.arrays.elementwise import work_of
from netweight.ops.loss.classes import (
    Reduction,
    check_classes,
    grad_of_losses,
    loss_reach,
    loss_spec,
    reduce_losses,
    reduction_cost,
    share_cost,
)
from netweight.ops.reach import Mixes, Reach
from netweight.ops.table import COPIED, FREE, Array, Cost, OpDef, Wanted, register


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
class KlDivAttrs:
    """Attributes of the Kullback-Leibler divergence.

    Attributes:
        reduction: What becomes of the losses of all elements; ``"batchmean"`` is their sum per sample.
        log_target: The target is of logarithms, too.
    """

    reduction: Reduction | Literal["batchmean"] = "mean"
    log_target: bool = False


def nll_loss_shape(attrs: NllLossAttrs, x: TensorSpec, target: TensorSpec, weight: TensorSpec | None) -> TensorSpec:
    """The reduced losses."""
    if len(x.shape) < 2 or target.shape != (x.shape[0], *x.shape[2:]):
        raise ShapeError(f"nll_loss: expected x (N, C, ...) and target (N, ...), got {x.shape} and {target.shape}")
    if is_floating(target.dtype):
        raise ShapeError(f"nll_loss: expected class numbers of an integer type, got target of {target.dtype}")
    if weight is not None and weight.shape != x.shape[1:2]:
        raise ShapeError(f"nll_loss: expected weight of shape ({x.shape[1]},), got {weight.shape}")
    return loss_spec("nll_loss", attrs.reduction, target.shape, x.dtype)


def nll_loss_cost(attrs: NllLossAttrs, _x: TensorSpec, target: TensorSpec, weight: TensorSpec | None) -> Cost:
    """That of the reduction, as if nothing were ignored; picking is free.

    A weight is a product per position, and for the mean another sum.
    """
    cost = reduction_cost(attrs.reduction, target.numel)
    if weight is None:
        return cost
    total_weight = product(losses=target.numel) if attrs.reduction == "mean" else 0
    return cost + Cost(muls=product(losses=target.numel), adds=total_weight)


def nll_loss_forward(attrs: NllLossAttrs, x: Array, target: Array, weight: Array | None) -> Array:
    """Minus the weighted element of the target's class; 0 where it is ignored.

    Raises:
        UsageError: If a class number is out of range.
    """
    losses, weights = _picked(attrs, x, target, weight)
    if attrs.reduction == "mean":
        return np.asarray((losses * weights).sum() / weights.sum())
    return reduce_losses(attrs.reduction, losses * weights)


def nll_loss_backward(
    attrs: NllLossAttrs, grad_y: Array, x: Array, target: Array, weight: Array | None, *, y: Array
) -> tuple[Array | None, ...]:
    """Minus the weight at the class of the target; of a mean its share."""
    losses, weights = _picked(attrs, x, target, weight)
    mean = attrs.reduction == "mean"
    share = np.broadcast_to(grad_y / weights.sum() if mean else grad_y, target.shape)
    at = np.expand_dims(np.where(target == attrs.ignore_index, 0, target).astype(np.intp), 1)
    grad_x = np.zeros(x.shape, x.dtype)
    np.put_along_axis(grad_x, at, np.expand_dims(-share * weights, 1), axis=1)
    if weight is None:
        return grad_x, None, None
    grad_weight = np.zeros(weight.shape, x.dtype)
    np.add.at(grad_weight, at[:, 0], share * (losses - y if mean else losses) * (target != attrs.ignore_index))
    return grad_x, None, grad_weight


def nll_loss_backward_cost(
    attrs: NllLossAttrs, wanted: Wanted, _x: TensorSpec, target: TensorSpec, weight: TensorSpec | None
) -> Cost:
    """A product and a sum per position for either gradient, where there is a weight; of a mean its share."""
    cost = FREE
    if wanted[0]:
        cost += COPIED if weight is None else Cost(muls=product(losses=target.numel))
        cost += share_cost(attrs.reduction)
    return cost + work_of(target.numel, {"muls": 1, "adds": 2}) if wanted[2] else cost


def kl_div_shape(attrs: KlDivAttrs, x: TensorSpec, target: TensorSpec) -> TensorSpec:
    """The reduced losses."""
    if x.shape != target.shape:
        raise ShapeError(f"kl_div: expected x and target of the same shape, got {x.shape} and {target.shape}")
    if attrs.reduction == "batchmean" and not x.shape:
        raise ShapeError("kl_div: expected samples for the reduction 'batchmean', got shape ()")
    return loss_spec("kl_div", _over_elements(attrs), x.shape, x.dtype)


def kl_div_cost(attrs: KlDivAttrs, x: TensorSpec, _target: TensorSpec) -> Cost:
    """Per element a logarithm and whether there is one (or an exponential), a difference, a product; the reduction."""
    each = {"exps": 1} if attrs.log_target else {"logs": 1, "compares": 1}
    cost = work_of(x.numel, each | {"adds": 1, "muls": 1}) + reduction_cost(_over_elements(attrs), x.numel)
    return cost + Cost(divs=product(batchmean=1)) if attrs.reduction == "batchmean" else cost


def kl_div_forward(attrs: KlDivAttrs, x: Array, target: Array) -> Array:
    """target * (log(target) - x), 0 where the target is; exp(target) * (target - x) if it is a logarithm."""
    p, log_p = (np.exp(target), target) if attrs.log_target else (target, _log(target))
    losses = np.where(p > 0, p * (log_p - x), np.zeros_like(x))
    y = reduce_losses(_over_elements(attrs), losses)
    return np.asarray(y / len(x)) if attrs.reduction == "batchmean" else y


def kl_div_backward(attrs: KlDivAttrs, grad_y: Array, x: Array, target: Array) -> tuple[Array, Array]:
    """-target, and log(target) + 1 - x."""
    share = grad_y / len(x) if attrs.reduction == "batchmean" else grad_y
    grad = grad_of_losses(_over_elements(attrs), share, x)
    if attrs.log_target:
        return -grad * np.exp(target), grad * np.exp(target) * (target - x + 1)
    return -grad * target, grad * np.where(target > 0, _log(target) + 1 - x, 0)


def kl_div_backward_cost(attrs: KlDivAttrs, wanted: Wanted, x: TensorSpec, _target: TensorSpec) -> Cost:
    """A product per element, of an exponential if need be; the logarithm, two sums and a product for ``target``."""
    logs = {"exps": 1} if attrs.log_target else {}
    cost = FREE
    if wanted[0]:
        cost += work_of(x.numel, {"muls": 1, **logs})
    if wanted[1]:
        cost += work_of(
            x.numel, {"muls": 2, "adds": 2, **logs} if attrs.log_target else {"logs": 1, "muls": 1, "adds": 2}
        )
    shared = attrs.reduction in ("mean", "batchmean") and any(wanted)
    return cost + share_cost("mean") if shared else cost


def nll_loss_reach(attrs: NllLossAttrs, x: TensorSpec, *_others: TensorSpec | None) -> Reach:
    """The classes are mixed, and everything where the losses are reduced."""
    return Mixes((1,) if attrs.reduction == "none" else tuple(range(len(x.shape))))


def _picked(attrs: NllLossAttrs, x: Array, target: Array, weight: Array | None) -> tuple[Array, Array]:
    """Loss and weight of every position; those ignored have weight 0."""
    counts = target != attrs.ignore_index
    check_classes("nll_loss", x.shape[1], target[counts])
    classes = np.where(counts, target, 0).astype(np.intp)
    losses = -np.take_along_axis(x, np.expand_dims(classes, 1), axis=1)[:, 0]
    weights = np.ones(target.shape, x.dtype) if weight is None else weight[classes]
    return losses, weights * counts


def _over_elements(attrs: KlDivAttrs) -> Reduction:
    return "sum" if attrs.reduction == "batchmean" else attrs.reduction


def _log(target: Array) -> Array:
    return np.log(np.where(target > 0, target, np.ones_like(target)))


NLL_LOSS = register(
    OpDef(
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
        reach=nll_loss_reach,
    )
)

KL_DIV = register(
    OpDef(
        name="kl_div",
        kind="loss",
        attrs=KlDivAttrs,
        inputs=("x", "target"),
        shape=kl_div_shape,
        cost=kl_div_cost,
        forward=kl_div_forward,
        backward=kl_div_backward,
        backward_cost=kl_div_backward_cost,
        saves={"target": ("x", "target"), "x": ("target",)},
        reach=loss_reach,
    )
)
