"""Binary cross entropy: every element a probability of its own, or the number that a sigmoid makes one of.

Shapes
    x, target           of the same shape
    weight, pos_weight  any that broadcast to it, or None
    y                   () for the reductions "mean" and "sum", else that of the target

Source: torch.nn.functional.binary_cross_entropy, binary_cross_entropy_with_logits.
"""

from __future__ import annotations

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.arrays.broadcast import broadcast_shape, unbroadcast, unbroadcast_cost
from netweight.ops.arrays.elementwise import work_of
from netweight.ops.arrays.safe import sigmoid
from netweight.ops.loss.classes import grad_of_losses, loss_reach, loss_spec, reduce_losses, reduction_cost, share_cost
from netweight.ops.loss.distance import LossAttrs
from netweight.ops.table import FREE, Array, Cost, OpDef, Wanted, register

_LOWEST = -100  # PyTorch's bound of a logarithm, so that a probability of 0 costs much but not everything
_TINY = 1e-12  # and of p (1 - p) in its gradient


def binary_cross_entropy_shape(
    attrs: LossAttrs, x: TensorSpec, target: TensorSpec, weight: TensorSpec | None
) -> TensorSpec:
    """The reduced losses."""
    return _spec("binary_cross_entropy", attrs, x, target, weight=weight)


def binary_cross_entropy_cost(attrs: LossAttrs, x: TensorSpec, _target: TensorSpec, weight: TensorSpec | None) -> Cost:
    """Per element two logarithms and their bounds, two products, three sums; the weight, another product."""
    each = {"logs": 2, "compares": 2, "muls": 2 + (weight is not None), "adds": 3}
    return work_of(x.numel, each) + reduction_cost(attrs.reduction, x.numel)


def binary_cross_entropy_forward(attrs: LossAttrs, x: Array, target: Array, weight: Array | None) -> Array:
    """-(target log(x) + (1 - target) log(1 - x))."""
    return reduce_losses(attrs.reduction, _weighed(_losses(x, target), weight))


def binary_cross_entropy_backward(
    attrs: LossAttrs, grad_y: Array, x: Array, target: Array, weight: Array | None
) -> tuple[Array | None, ...]:
    """(x - target) / (x (1 - x)), and log(1 - x) - log(x)."""
    grad = grad_of_losses(attrs.reduction, grad_y, x)
    inner = _weighed(grad, weight)
    grad_weight = None if weight is None else unbroadcast(grad * _losses(x, target), weight.shape)
    return (
        inner * (x - target) / np.maximum(x * (1 - x), _TINY),
        inner * (_log(1 - x) - _log(x)),
        grad_weight,
    )


def binary_cross_entropy_backward_cost(
    attrs: LossAttrs, wanted: Wanted, x: TensorSpec, _target: TensorSpec, weight: TensorSpec | None
) -> Cost:
    """For ``x`` two sums, two products, a bound, a division; for ``target`` two bounded logarithms; for ``weight`` all.

    A weight weighs the gradient first.
    """
    n = x.numel
    cost = work_of(n, {"adds": 2, "muls": 2, "compares": 1, "divs": 1}) if wanted[0] else FREE
    if wanted[1]:
        cost += work_of(n, {"logs": 2, "compares": 2, "adds": 2, "muls": 1})
    if weight is not None and any(wanted[:2]):
        cost += work_of(n, {"muls": 1})
    if weight is not None and wanted[2]:
        cost += work_of(n, {"logs": 2, "compares": 2, "adds": 3, "muls": 3}) + unbroadcast_cost(n, weight.numel)
    return cost + share_cost(attrs.reduction) if any(wanted) else cost


def with_logits_shape(
    attrs: LossAttrs, x: TensorSpec, target: TensorSpec, weight: TensorSpec | None, pos_weight: TensorSpec | None
) -> TensorSpec:
    """The reduced losses."""
    return _spec("binary_cross_entropy_with_logits", attrs, x, target, weight=weight, pos_weight=pos_weight)


def with_logits_cost(
    attrs: LossAttrs, x: TensorSpec, _target: TensorSpec, weight: TensorSpec | None, pos_weight: TensorSpec | None
) -> Cost:
    """Per element what the formula of the forward says; the weight, another product."""
    each = {"compares": 2, "exps": 1, "logs": 1, "adds": 3, "muls": 1 + (weight is not None)}
    if pos_weight is not None:
        each |= {"adds": 6, "muls": each["muls"] + 2}
    return work_of(x.numel, each) + reduction_cost(attrs.reduction, x.numel)


def with_logits_forward(
    attrs: LossAttrs, x: Array, target: Array, weight: Array | None, pos_weight: Array | None
) -> Array:
    """max(x, 0) - x target + log(1 + exp(-|x|)).

    With pos_weight p: (1 - target) x + (1 + (p - 1) target) * (log(1 + exp(-|x|)) + max(-x, 0)).
    """
    return reduce_losses(attrs.reduction, _weighed(_logit_losses(x, target, pos_weight), weight))


def with_logits_backward(
    attrs: LossAttrs, grad_y: Array, x: Array, target: Array, weight: Array | None, pos_weight: Array | None
) -> tuple[Array | None, ...]:
    """sigmoid(x) - target; with pos_weight p (1 - target) - (1 + (p - 1) target) sigmoid(-x)."""
    grad = grad_of_losses(attrs.reduction, grad_y, x)
    inner = _weighed(grad, weight)
    grad_weight = None if weight is None else unbroadcast(grad * _logit_losses(x, target, pos_weight), weight.shape)
    if pos_weight is None:
        return inner * (sigmoid(x) - target), -inner * x, grad_weight, None
    missed = np.logaddexp(np.zeros_like(x), -x)
    return (
        inner * (1 - target - (1 + (pos_weight - 1) * target) * sigmoid(-x)),
        inner * ((pos_weight - 1) * missed - x),
        grad_weight,
        unbroadcast(inner * target * missed, pos_weight.shape),
    )


def with_logits_backward_cost(
    attrs: LossAttrs, wanted: Wanted, x: TensorSpec, _target: TensorSpec, weight: TensorSpec | None,
    pos_weight: TensorSpec | None,
) -> Cost:  # fmt: skip
    """For ``x`` a sigmoid, a sum and a product; the formulas of the backward for the others; a weight weighs first."""
    n, plain = x.numel, pos_weight is None
    logs = {"compares": 2, "exps": 1, "logs": 1}
    each: tuple[dict[str, int], ...] = (
        {"exps": 1, "divs": 1, "adds": 2 if plain else 6, "muls": 1 if plain else 3},
        {"adds": 1, "muls": 1} if plain else {**logs, "adds": 4, "muls": 2},
        {**logs, "adds": 3 if plain else 6, "muls": 2 if plain else 4},
        {**logs, "adds": 2, "muls": 2},
    )
    cost = FREE
    for asked, work, spec in zip(wanted, each, (x, x, weight, pos_weight), strict=True):
        if asked and spec is not None:
            cost += work_of(n, work) + unbroadcast_cost(n, spec.numel)
    if weight is not None and (wanted[0] or wanted[1] or wanted[3]):
        cost += work_of(n, {"muls": 1})
    return cost + share_cost(attrs.reduction) if any(wanted) else cost


def _spec(op: str, attrs: LossAttrs, x: TensorSpec, target: TensorSpec, **weights: TensorSpec | None) -> TensorSpec:
    if x.shape != target.shape:
        raise ShapeError(f"{op}: expected x and target of the same shape, got {x.shape} and {target.shape}")
    for name, weight in weights.items():
        if weight is not None and broadcast_shape(op, x.shape, weight.shape) != x.shape:
            raise ShapeError(f"{op}: expected {name} that broadcasts to {x.shape}, got {weight.shape}")
    return loss_spec(op, attrs.reduction, x.shape, x.dtype)


def _weighed(losses: Array, weight: Array | None) -> Array:
    return losses if weight is None else losses * weight


def _losses(x: Array, target: Array) -> Array:
    return -(target * _log(x) + (1 - target) * _log(1 - x))


def _log(x: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(x), _LOWEST)


def _logit_losses(x: Array, target: Array, pos_weight: Array | None) -> Array:
    if pos_weight is None:
        return np.maximum(x, 0) - x * target + np.log1p(np.exp(-np.abs(x)))
    missed = np.log1p(np.exp(-np.abs(x))) + np.maximum(-x, 0)
    return (1 - target) * x + (1 + (pos_weight - 1) * target) * missed


BINARY_CROSS_ENTROPY = register(
    OpDef(
        name="binary_cross_entropy",
        kind="loss",
        attrs=LossAttrs,
        inputs=("x", "target", "weight"),
        shape=binary_cross_entropy_shape,
        cost=binary_cross_entropy_cost,
        forward=binary_cross_entropy_forward,
        backward=binary_cross_entropy_backward,
        backward_cost=binary_cross_entropy_backward_cost,
        saves={"x": ("x", "target", "weight"), "target": ("x", "weight"), "weight": ("x", "target")},
        reach=loss_reach,
    )
)

BINARY_CROSS_ENTROPY_WITH_LOGITS = register(
    OpDef(
        name="binary_cross_entropy_with_logits",
        kind="loss",
        attrs=LossAttrs,
        inputs=("x", "target", "weight", "pos_weight"),
        shape=with_logits_shape,
        cost=with_logits_cost,
        forward=with_logits_forward,
        backward=with_logits_backward,
        backward_cost=with_logits_backward_cost,
        saves={
            "x": ("x", "target", "weight", "pos_weight"),
            "target": ("x", "weight", "pos_weight"),
            "weight": ("x", "target", "pos_weight"),
            "pos_weight": ("x", "target", "weight"),
        },
        reach=loss_reach,
    )
)
