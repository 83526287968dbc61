"""Losses of plain numbers that count, reduced."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from definitions.counting import (
    Number,
    absolute,
    counted,
    exp,
    greater,
    log,
    maximum,
    minimum,
    numbers,
    sign,
    together,
    total,
    value,
    values,
    where,
)  # fmt: skip
from definitions.norm.layers import softmax

Definition = Callable[..., tuple[Any, Counter[str]]]


def reduced(attrs: Any, losses: Any) -> Any:
    """Losses as the reduction says; a mean is one division of their sum."""
    if attrs.reduction == "none":
        return losses
    whole = total(list(np.ravel(losses)))
    if attrs.reduction == "sum":
        return whole
    return whole / (len(losses) if attrs.reduction == "batchmean" else np.size(losses))


def of_each(loss: Callable[..., Any]) -> Definition:
    """The loss of every element, from those of the tensors, which broadcast."""

    def definition(attrs: Any, *tensors: Any) -> tuple[Any, Counter[str]]:
        given = np.broadcast_shapes(*(x.shape for x in tensors if x is not None))
        losses = np.empty(given, object)
        with counted() as work:
            full = [None if x is None else np.broadcast_to(numbers(x), given) for x in tensors]
            for place in np.ndindex(given):
                losses[place] = loss(attrs, *(None if x is None else x[place] for x in full))
            y = reduced(attrs, losses)
        return values(y), work

    return definition


def squared(_attrs: Any, x: Any, target: Any) -> Any:
    d = x - target
    return d * d


def smooth_l1(attrs: Any, x: Any, target: Any) -> Any:
    """The square is the dearer branch: the other one is a sum."""
    d = x - target
    size = absolute(d)
    if greater(attrs.beta, size):
        return d * d * (0.5 / attrs.beta)
    return unpaid(lambda: size - 0.5 * attrs.beta, paid=lambda: d * d * 1.0)


def huber(attrs: Any, x: Any, target: Any) -> Any:
    """Likewise; the other branch is a sum and a product."""
    d = x - target
    size = absolute(d)
    if greater(attrs.delta, size):
        return d * d * 0.5
    return unpaid(lambda: attrs.delta * (size - 0.5 * attrs.delta), paid=lambda: d * d * 0.5)


def unpaid(branch: Callable[[], Any], *, paid: Callable[[], Any]) -> Any:
    """The value of the cheaper branch at the price of the dearer one."""
    paid()
    with counted():
        return branch()


def weighed(loss: Any, weight: Any) -> Any:
    return loss if weight is None else loss * weight


def bounded_log(p: Any) -> Any:
    return maximum(log(p), -100.0)


def binary(_attrs: Any, x: Any, target: Any, weight: Any) -> Any:
    """The sign of the sum is free."""
    return weighed(-(target * bounded_log(x) + (1 - target) * bounded_log(1 - x)), weight)


def with_logits(_attrs: Any, x: Any, target: Any, weight: Any, pos_weight: Any) -> Any:
    missed = log(1 + exp(-absolute(x)))
    if pos_weight is None:
        return weighed(maximum(x, 0.0) - x * target + missed, weight)
    missed = missed + maximum(-x, 0.0)
    return weighed((1 - target) * x + (1 + (pos_weight - 1) * target) * missed, weight)


def divergence(attrs: Any, x: Any, target: Any) -> Any:
    """Whether there is a logarithm is asked for, and where there is none nothing is lost."""
    if attrs.log_target:
        return exp(target) * (target - x)
    return where(greater(target, 0.0), target * (log(target) - x), 0.0)


def classes(attrs: Any, logs: Any, target: Any, weight: Any, smoothing: float = 0.0) -> Any:
    """Losses of all positions, picked from the logarithms; those ignored are 0, at the price of all others."""
    losses, weights = np.empty(target.shape, object), np.empty(target.shape, object)
    for n, *rest in np.ndindex(target.shape):
        right = target[n, *rest]
        counts = right != attrs.ignore_index
        weights[n, *rest] = 1.0 if weight is None else weight[right]
        loss = weighed(-logs[n, right, *rest], weight if weight is None else weight[right])
        if smoothing:
            column = [weighed(logs[n, c, *rest], None if weight is None else weight[c]) for c in range(logs.shape[1])]
            spread = total(column)
            loss = (1 - smoothing) * loss - smoothing / logs.shape[1] * spread
        losses[n, *rest] = where(counts, loss, 0.0)
        weights[n, *rest] = where(counts, weights[n, *rest], 0.0)
    if attrs.reduction != "mean" or weight is None:
        settled = attrs.reduction != "mean" or all(value(w) for w in np.ravel(weights))
        return reduced(attrs, losses) if settled else total(list(np.ravel(losses))) / sum(map(value, np.ravel(weights)))
    return total(list(np.ravel(losses))) / total(list(np.ravel(weights)))


def back(slot: int, loss: Callable[..., Any]) -> Definition:
    """Gradient of one tensor from those of the losses of each element, summed where it was stretched."""

    def definition(attrs: Any, grad_y: Any, *tensors: Any) -> tuple[Any, Counter[str]]:
        given = np.broadcast_shapes(*(x.shape for x in tensors if x is not None))
        places = np.broadcast_to(np.arange(tensors[slot].size).reshape(tensors[slot].shape), given)
        parts: dict[int, list[Any]] = {}
        with counted() as work:
            share = shared(attrs, numbers(grad_y), given)
            full = [None if x is None else np.broadcast_to(numbers(x), given) for x in tensors]
            for place in np.ndindex(given):
                own = (None if x is None else x[place] for x in full)
                parts.setdefault(int(places[place]), []).append(loss(attrs, share[place], *own))
            sums = [together(parts[at]) for at in sorted(parts)]
        return values(np.array(sums, object)).reshape(tensors[slot].shape), work

    return definition


def shared(attrs: Any, grad_y: Any, shape: tuple[int, ...]) -> Any:
    """Gradient of every loss."""
    number = {"mean": int(np.prod(shape)), "batchmean": shape[0] if shape else 1}.get(attrs.reduction)
    grad = grad_y if number is None else np.array(grad_y.item() / number, object)
    return np.broadcast_to(grad, shape)


def smooth_l1_back(attrs: Any, grad: Any, x: Any, target: Any) -> Any:
    """A product with a folded number, and with the gradient; the sign is free where the size is known."""
    d = x - target
    inside = greater(attrs.beta, absolute(d))
    slope = d * (1 / (attrs.beta or 1))
    return grad * (slope if inside else np.sign(value(d)))


def binary_back(_attrs: Any, grad: Any, x: Any, target: Any, weight: Any) -> Any:
    return weighed(grad, weight) * (x - target) / maximum(x * (1 - x), 1e-12)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + exp(-x))


def softplus(x: Any) -> Any:
    return maximum(x, 0.0) + log(1 + exp(-absolute(x)))


def logits_back(_attrs: Any, grad: Any, x: Any, target: Any, weight: Any, pos_weight: Any) -> Any:
    inner = weighed(grad, weight)
    if pos_weight is None:
        return inner * (sigmoid(x) - target)
    return inner * (1 - target - (1 + (pos_weight - 1) * target) * sigmoid(-x))


def logits_target_back(_attrs: Any, grad: Any, x: Any, _target: Any, weight: Any, pos_weight: Any) -> Any:
    inner = weighed(grad, weight)
    return -(inner * x) if pos_weight is None else inner * ((pos_weight - 1) * softplus(-x) - x)


def divergence_target_back(attrs: Any, grad: Any, x: Any, target: Any) -> Any:
    if attrs.log_target:
        return grad * exp(target) * (target - x + 1)
    return grad * (log(target) + 1 - x)


def nll_loss(attrs: Any, x: Any, target: Any, weight: Any) -> tuple[Any, Counter[str]]:
    with counted() as work:
        y = classes(attrs, numbers(x), target, numbers(weight))
    return values(y), work


def cross_entropy(attrs: Any, x: Any, target: Any, weight: Any) -> tuple[Any, Counter[str]]:
    logs, first = softmax(_Along, x, logarithm=True)
    with counted() as work:
        y = classes(attrs, numbers(logs), target, numbers(weight), attrs.label_smoothing)
    return values(y), first + work


def cross_entropy_back(attrs: Any, grad_y: Any, x: Any, target: Any, weight: Any) -> tuple[Any, Counter[str]]:
    """Probabilities times all that was wanted, less what was wanted of each class; the logarithms are kept."""
    logs, _ = softmax(_Along, x, logarithm=True)
    counts = target != attrs.ignore_index
    weights = counts * (1.0 if weight is None else weight[np.where(counts, target, 0)])
    grad_x, smoothing, number = np.empty(x.shape, object), attrs.label_smoothing, x.shape[1]
    with counted() as work:
        logs, grad_y, weight, whole = numbers(logs), numbers(grad_y), numbers(weight), weights.sum()
        grad_loss = np.array(grad_y.item() / whole, object) if attrs.reduction == "mean" else grad_y
        share = np.broadcast_to(grad_loss, target.shape)
        weighing = smoothing and weight is not None
        spread = [smoothing / number * weight[c] if weighing else smoothing / number for c in range(number)]
        everywhere = total(spread) if smoothing else 0.0
        for n, *rest in np.ndindex(target.shape):
            right, grad = target[n, *rest], share[n, *rest]
            if weighing or weight is None:
                at_target = (1 - smoothing) * weight[right] if weighing else 1 - smoothing
                summed = at_target + everywhere
                missing = [at_target + spread[c] if c == right else spread[c] for c in range(number)]
            else:
                grad, summed = grad * weight[right], 1.0
                missing = [1.0 if c == right else 0.0 for c in range(number)]
            for c in range(number):
                p = exp(logs[n, c, *rest])
                found = grad * (p * summed - missing[c]) if isinstance(summed, Number) else grad * (p - missing[c])
                grad_x[n, c, *rest] = where(counts[n, *rest], found, 0.0)
    return values(grad_x), work


def class_weights_back(attrs: Any, grad_y: Any, x: Any, target: Any, weight: Any) -> tuple[Any, Counter[str]]:
    """Of each class the losses of its positions, less the mean if there is one; smoothing adds those of all classes."""
    smoothing, number = getattr(attrs, "label_smoothing", 0.0), x.shape[1]
    counts = target != attrs.ignore_index
    weights = counts * weight[np.where(counts, target, 0)]
    with counted():
        y = value(classes(attrs, x, target, weight, smoothing)) if attrs.reduction == "mean" else None
    with counted() as work:
        logs, grad_y, found = numbers(x), numbers(grad_y), np.full(number, 0.0, object)
        spread = np.full(number, 0.0, object)
        grad_loss = np.array(grad_y.item() / weights.sum(), object) if attrs.reduction == "mean" else grad_y
        share = np.broadcast_to(grad_loss, target.shape)
        for n, *rest in np.ndindex(target.shape):
            counted_in, right, grad = counts[n, *rest], target[n, *rest], share[n, *rest]
            loss = (1 - smoothing) * -logs[n, right, *rest] if smoothing else -logs[n, right, *rest]
            found[right] = where(counted_in, found[right] + grad * (loss if y is None else loss - y), found[right])
            for c in range(number) if smoothing else ():
                spread[c] = where(counted_in, spread[c] + grad * logs[n, c, *rest], spread[c])
        for c in range(number) if smoothing else ():
            found[c] = found[c] - smoothing / number * spread[c]
    return values(found), work


def cross_entropy_weights_back(attrs: Any, grad_y: Any, x: Any, *others: Any) -> tuple[Any, Counter[str]]:
    """The logarithms are kept."""
    return class_weights_back(attrs, grad_y, softmax(_Along, x, logarithm=True)[0], *others)


def nll_loss_back(attrs: Any, grad_y: Any, x: Any, target: Any, weight: Any) -> tuple[Any, Counter[str]]:
    """Minus its weight at the class of the target; the sign is free."""
    grad_x = np.full(x.shape, 0.0, object)
    weights = (target != attrs.ignore_index) * (1.0 if weight is None else weight[np.clip(target, 0, x.shape[1] - 1)])
    with counted() as work:
        grad_y, weight = numbers(grad_y), numbers(weight)
        grad_loss = np.array(grad_y.item() / weights.sum(), object) if attrs.reduction == "mean" else grad_y
        share = np.broadcast_to(grad_loss, target.shape)
        for n, *rest in np.ndindex(target.shape):
            right = target[n, *rest]
            counts = right != attrs.ignore_index
            found = weighed(-share[n, *rest], None if weight is None else weight[right])
            grad_x[n, right, *rest] = where(counts, found, grad_x[n, right, *rest])
    return values(grad_x), work


def turned(of_x: Callable[..., Any]) -> Callable[..., Any]:
    """Gradient of the target where it is minus that of x: nothing takes the sign in, so it is a subtraction."""
    return lambda *given: 0 - of_x(*given)


def huber_back(attrs: Any, grad: Any, x: Any, target: Any) -> Any:
    return grad * minimum(maximum(x - target, -attrs.delta), attrs.delta)


def distance_back(_attrs: Any, grad: Any, x: Any, target: Any) -> Any:
    return grad * sign(x - target)


def squared_back(_attrs: Any, grad: Any, x: Any, target: Any) -> Any:
    return 2 * (x - target) * grad


class _Along:
    dim = 1


DEFINITIONS = {
    "binary_cross_entropy": of_each(binary),
    "binary_cross_entropy_with_logits": of_each(with_logits),
    "cross_entropy": cross_entropy,
    "huber_loss": of_each(huber),
    "kl_div": of_each(divergence),
    "l1_loss": of_each(lambda _attrs, x, target: absolute(x - target)),
    "mse_loss": of_each(squared),
    "nll_loss": nll_loss,
    "smooth_l1_loss": of_each(smooth_l1),
}
GRADIENTS = {
    ("binary_cross_entropy", "x"): back(0, binary_back),
    ("binary_cross_entropy", "target"): back(
        1, lambda _attrs, grad, x, _target, weight: weighed(grad, weight) * (bounded_log(1 - x) - bounded_log(x))
    ),
    ("binary_cross_entropy", "weight"): back(
        2, lambda attrs, grad, x, target, _weight: grad * binary(attrs, x, target, None)
    ),
    ("binary_cross_entropy_with_logits", "x"): back(0, logits_back),
    ("binary_cross_entropy_with_logits", "target"): back(1, logits_target_back),
    ("binary_cross_entropy_with_logits", "weight"): back(
        2, lambda attrs, grad, x, target, _weight, pos_weight: grad * with_logits(attrs, x, target, None, pos_weight)
    ),
    ("binary_cross_entropy_with_logits", "pos_weight"): back(
        3, lambda _attrs, grad, x, target, weight, _pos: weighed(grad, weight) * target * softplus(-x)
    ),
    ("cross_entropy", "x"): cross_entropy_back,
    ("cross_entropy", "weight"): cross_entropy_weights_back,
    ("huber_loss", "x"): back(0, huber_back),
    ("huber_loss", "target"): back(1, turned(huber_back)),
    ("kl_div", "x"): back(0, lambda attrs, grad, _x, target: -(grad * (exp(target) if attrs.log_target else target))),
    ("kl_div", "target"): back(1, divergence_target_back),
    ("l1_loss", "x"): back(0, distance_back),
    ("l1_loss", "target"): back(1, turned(distance_back)),
    ("mse_loss", "x"): back(0, squared_back),
    ("mse_loss", "target"): back(1, turned(squared_back)),
    ("nll_loss", "x"): nll_loss_back,
    ("nll_loss", "weight"): class_weights_back,
    ("smooth_l1_loss", "x"): back(0, smooth_l1_back),
    ("smooth_l1_loss", "target"): back(1, turned(smooth_l1_back)),
}
