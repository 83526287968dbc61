"""Losses of probabilities: binary cross entropy, of a probability or of what a sigmoid makes one of, and divergence.

Source: torch.nn.functional.binary_cross_entropy, binary_cross_entropy_with_logits, kl_div; Kullback & Leibler 1951.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.safe import sigmoid
from netweight.ops.loss.reduction import LossAttrs, Work, register_loss
from netweight.ops.table import Wanted

_LOWEST = -100  # PyTorch's bound of a logarithm, so that a probability of 0 costs much but not everything
_TINY = 1e-12  # and of p (1 - p) in its gradient


DivergenceReduction = Literal["mean", "sum", "none", "batchmean"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KlDivAttrs:
    """Attributes of the Kullback-Leibler divergence.

    Attributes:
        reduction: What becomes of the losses of all elements; ``"batchmean"`` is their sum per sample.
        log_target: The target is of logarithms, too.
    """

    reduction: DivergenceReduction = "mean"
    log_target: bool = False


def binary_losses(_attrs: LossAttrs, x: Array, target: Array, weight: Array | None) -> Array:
    """-(target log(x) + (1 - target) log(1 - x)), weighed."""
    return _weighed(-(target * _bounded_log(x) + (1 - target) * _bounded_log(1 - x)), weight)


def binary_work(_attrs: LossAttrs, _x: TensorSpec, _target: TensorSpec, weight: TensorSpec | None) -> Work:
    """Two logarithms and their bounds, two products, three sums; the weight, another product."""
    return {"logs": 2, "compares": 2, "muls": 2 + (weight is not None), "adds": 3}


def binary_gradients(
    attrs: LossAttrs, grad: Array, x: Array, target: Array, weight: Array | None
) -> tuple[Array | None, ...]:
    """(x - target) / (x (1 - x)), and log(1 - x) - log(x)."""
    inner = _weighed(grad, weight)
    return (
        inner * (x - target) / np.maximum(x * (1 - x), _TINY),
        inner * (_bounded_log(1 - x) - _bounded_log(x)),
        None if weight is None else grad * binary_losses(attrs, x, target, None),
    )


def binary_back(
    _attrs: LossAttrs, wanted: Wanted, _x: TensorSpec, _target: TensorSpec, weight: TensorSpec | None
) -> tuple[Work, ...]:
    """For ``x`` two sums, two products, a bound, a division; for ``target`` two bounded logarithms; for ``weight`` all.

    A weight weighs the gradient first, once for both.
    """
    for_x = {"adds": 2, "muls": 2, "compares": 1, "divs": 1}
    for_target = {"logs": 2, "compares": 2, "adds": 2, "muls": 1}
    for_weight = {"logs": 2, "compares": 2, "adds": 3, "muls": 3}
    return _weighing_first(wanted, (for_x, for_target, for_weight), weight)


def logit_losses(_attrs: LossAttrs, x: Array, target: Array, weight: Array | None, pos_weight: Array | None) -> Array:
    """max(x, 0) - x target + log(1 + exp(-|x|)), weighed.

    With pos_weight p: (1 - target) x + (1 + (p - 1) target) * (log(1 + exp(-|x|)) + max(-x, 0)).
    """
    if pos_weight is None:
        return _weighed(np.maximum(x, 0) - x * target + np.log1p(np.exp(-np.abs(x))), weight)
    missed = np.log1p(np.exp(-np.abs(x))) + np.maximum(-x, 0)
    return _weighed((1 - target) * x + (1 + (pos_weight - 1) * target) * missed, weight)


def logit_work(
    _attrs: LossAttrs, _x: TensorSpec, _target: TensorSpec, weight: TensorSpec | None, pos_weight: TensorSpec | None
) -> Work:
    """What the formula of the losses says; the weight, another product."""
    weighed, plain = int(weight is not None), pos_weight is None
    return {"compares": 2, "exps": 1, "logs": 1, "adds": 3 if plain else 6, "muls": weighed + (1 if plain else 3)}


def logit_gradients(
    attrs: LossAttrs, grad: Array, x: Array, target: Array, weight: Array | None, pos_weight: Array | None
) -> tuple[Array | None, ...]:
    """sigmoid(x) - target; with pos_weight p (1 - target) - (1 + (p - 1) target) sigmoid(-x)."""
    inner = _weighed(grad, weight)
    grad_weight = None if weight is None else grad * logit_losses(attrs, x, target, None, pos_weight)
    if pos_weight is None:
        return inner * (sigmoid(x) - target), -inner * x, grad_weight, None
    missed = np.logaddexp(np.zeros_like(x), -x)
    return (
        inner * (1 - target - (1 + (pos_weight - 1) * target) * sigmoid(-x)),
        inner * ((pos_weight - 1) * missed - x),
        grad_weight,
        inner * target * missed,
    )


def logit_back(
    _attrs: LossAttrs, wanted: Wanted, _x: TensorSpec, _target: TensorSpec, weight: TensorSpec | None,
    pos_weight: TensorSpec | None,
) -> tuple[Work, ...]:  # fmt: skip
    """For ``x`` a sigmoid, a sum and a product; the formulas of the gradients for the others; a weight weighs first."""
    plain, logs = pos_weight is None, {"compares": 2, "exps": 1, "logs": 1}
    each: tuple[Work, ...] = (
        {"exps": 1, "divs": 1, "adds": 2 if plain else 5, "muls": 1 if plain else 3},
        {"muls": 1} if plain else {**logs, "adds": 4, "muls": 2},
        {**logs, "adds": 3 if plain else 6, "muls": 2 if plain else 4},
        {**logs, "adds": 2, "muls": 2},
    )
    return _weighing_first(wanted, each, weight)


def divergences(attrs: KlDivAttrs, x: Array, target: Array) -> Array:
    """target * (log(target) - x), 0 where the target is; exp(target) * (target - x) if it is a logarithm."""
    p, log_p = (np.exp(target), target) if attrs.log_target else (target, _log(target))
    return np.where(p > 0, p * (log_p - x), np.zeros_like(x))


def divergence_work(attrs: KlDivAttrs, *_specs: TensorSpec) -> Work:
    """A logarithm and whether there is one (or an exponential), a difference, a product."""
    return ({"exps": 1} if attrs.log_target else {"logs": 1, "compares": 1}) | {"adds": 1, "muls": 1}


def divergence_gradients(attrs: KlDivAttrs, grad: Array, x: Array, target: Array) -> tuple[Array, Array]:
    """-target, and log(target) + 1 - x."""
    if attrs.log_target:
        return -grad * np.exp(target), grad * np.exp(target) * (target - x + 1)
    return -grad * target, grad * np.where(target > 0, _log(target) + 1 - x, 0)


def divergence_back(attrs: KlDivAttrs, _wanted: Wanted, *_specs: TensorSpec) -> tuple[Work, Work]:
    """A product, of an exponential if need be; the logarithm, two sums and a product for ``target``."""
    if attrs.log_target:
        return {"muls": 1, "exps": 1}, {"muls": 2, "adds": 2, "exps": 1}
    return {"muls": 1}, {"logs": 1, "muls": 1, "adds": 2}


def _check_samples(attrs: KlDivAttrs, x: TensorSpec) -> None:
    if attrs.reduction == "batchmean" and not x.shape:
        raise ShapeError("kl_div: expected samples for the reduction 'batchmean', got shape ()")


def _weighed(losses: Array, weight: Array | None) -> Array:
    return losses if weight is None else losses * weight


def _weighing_first(wanted: Wanted, each: tuple[Work, ...], weight: TensorSpec | None) -> tuple[Work, ...]:
    """The product with the weight is added to the first gradient that needs it."""
    needing = [at for at, asked in enumerate(wanted) if asked and at != 2]
    if weight is None or not needing:
        return each
    first = each[needing[0]]
    return tuple({**work, "muls": work["muls"] + 1} if work is first else work for work in each)


def _bounded_log(x: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(x), _LOWEST)


def _log(target: Array) -> Array:
    return np.log(np.where(target > 0, target, np.ones_like(target)))


BINARY_CROSS_ENTROPY = register_loss(
    "binary_cross_entropy",
    binary_losses,
    binary_work,
    gradients=binary_gradients,
    back=binary_back,
    saves={"x": ("x", "target", "weight"), "target": ("x", "weight"), "weight": ("x", "target")},
    inputs=("x", "target", "weight"),
)
BINARY_CROSS_ENTROPY_WITH_LOGITS = register_loss(
    "binary_cross_entropy_with_logits",
    logit_losses,
    logit_work,
    gradients=logit_gradients,
    back=logit_back,
    saves={
        "x": ("x", "target", "weight", "pos_weight"),
        "target": ("x", "weight", "pos_weight"),
        "weight": ("x", "target", "pos_weight"),
        "pos_weight": ("x", "target", "weight"),
    },
    inputs=("x", "target", "weight", "pos_weight"),
)
KL_DIV = register_loss(
    "kl_div",
    divergences,
    divergence_work,
    gradients=divergence_gradients,
    back=divergence_back,
    saves={"target": ("x", "target"), "x": ("target",)},
    attrs=KlDivAttrs,
    check=_check_samples,
    reductions={"batchmean": "mean"},
)
