"""Normalisation and softmax of plain lists of numbers that count."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from definitions.counting import (
    Number,
    counted,
    exp,
    log,
    maximum,
    numbers,
    power,
    rsqrt,
    together,
    total,
    value,
    values,
)  # fmt: skip

Place = tuple[int, ...]
Definition = Callable[..., tuple[Any, Counter[str]]]
Places = Callable[..., Callable[[Place], Any]]
"""(attrs, x) to what a place of ``x`` belongs to."""


def standard_scores(row: list[Any], eps: float) -> tuple[list[Any], Any, Any]:
    """(x - mean) / sqrt(var + eps), mean and variance."""
    mean = total(row) / len(row)
    centered = [x - mean for x in row]
    var = total([d * d for d in centered]) / len(row)
    rstd = rsqrt(var + eps)
    return [d * rstd for d in centered], mean, var


def scaled(x: Any, weight: Any, bias: Any, at: Any) -> Any:
    """x * weight + bias, either left out."""
    x = x if weight is None else x * weight[at]
    return x if bias is None else x + bias[at]


def over_groups(x: Any, group: Callable[[Place], Any]) -> Iterator[list[Place]]:
    """Places of elements that share their statistics."""
    groups: dict[Any, list[Place]] = {}
    for place in np.ndindex(x.shape):
        groups.setdefault(group(place), []).append(place)
    yield from groups.values()


def normalised(group: Places, parameter: Places) -> Definition:
    """A norm by which elements share their statistics and which element of the parameters belongs to each."""

    def definition(attrs: Any, x: Any, weight: Any, bias: Any) -> tuple[Any, Counter[str]]:
        y = np.empty(x.shape, object)
        with counted() as work:
            x, weight, bias = numbers(x), numbers(weight), numbers(bias)
            for places in over_groups(x, group(attrs, x)):
                z, _, _ = standard_scores([x[place] for place in places], attrs.eps)
                for place, score in zip(places, z, strict=True):
                    y[place] = scaled(score, weight, bias, parameter(attrs, x)(place))
        return values(y), work

    return definition


def of_channel(_attrs: Any, _x: Any) -> Callable[[Place], Any]:
    return lambda place: place[1]


def of_last(attrs: Any, _x: Any) -> Callable[[Place], Any]:
    return lambda place: place[-len(attrs.normalized_shape) :]


def rms_norm(attrs: Any, x: Any, weight: Any) -> tuple[Any, Counter[str]]:
    y = np.empty(x.shape, object)
    with counted() as work:
        x, weight = numbers(x), numbers(weight)
        for places in over_groups(x, lambda place: place[: -len(attrs.normalized_shape)]):
            mean = total([x[place] * x[place] for place in places]) / len(places)
            rrms = rsqrt(mean + attrs.eps)
            for place in places:
                y[place] = scaled(x[place] * rrms, weight, None, of_last(attrs, x)(place))
    return values(y), work


def batch_norm(attrs: Any, x: Any, mean: Any, var: Any, weight: Any, bias: Any) -> tuple[Any, Counter[str]]:
    """Scale and shift of each channel first."""
    y = np.empty(x.shape, object)
    with counted() as work:
        x, mean, var, weight, bias = map(numbers, (x, mean, var, weight, bias))
        scale = [scaled(rsqrt(var[c] + attrs.eps), weight, None, c) for c in range(len(var))]
        shift = [scaled(-(mean[c] * scale[c]), None, bias, c) for c in range(len(var))]
        for place in np.ndindex(x.shape):
            y[place] = x[place] * scale[place[1]] + shift[place[1]]
    return values(y), work


def batch_norm_training(
    attrs: Any, x: Any, weight: Any, bias: Any, running_mean: Any, running_var: Any
) -> tuple[Any, Counter[str]]:
    """The unbiased variance of n numbers is n / (n - 1) times the other: a factor known before any number is."""
    y = np.empty(x.shape, object)
    means, variances = np.empty(x.shape[1], object), np.empty(x.shape[1], object)
    with counted() as work:
        x, weight, bias, running_mean, running_var = map(numbers, (x, weight, bias, running_mean, running_var))
        for places in over_groups(x, lambda place: place[1]):
            z, mean, var = standard_scores([x[place] for place in places], attrs.eps)
            c, n = places[0][1], len(places)
            if running_mean is not None:
                means[c] = (1 - attrs.momentum) * running_mean[c] + attrs.momentum * mean
                variances[c] = (1 - attrs.momentum) * running_var[c] + attrs.momentum * n / (n - 1) * var
            for place, score in zip(places, z, strict=True):
                y[place] = scaled(score, weight, bias, c)
    return (values(y) if running_mean is None else (values(y), values(means), values(variances))), work


def local_response_norm(attrs: Any, x: Any) -> tuple[Any, Counter[str]]:
    """Channels beyond the ends are zeros that are added like others; k is where the sum starts from."""
    y = np.empty(x.shape, object)
    with counted() as work:
        x = numbers(x)
        squares = np.empty(x.shape, object)
        for place in np.ndindex(x.shape):
            squares[place] = x[place] * x[place]
        for n, c, *rest in np.ndindex(x.shape):
            near = range(c - attrs.size // 2, c + (attrs.size - 1) // 2 + 1)
            summed = together([squares[n, at, *rest] if 0 <= at < x.shape[1] else Number(0.0) for at in near])
            y[n, c, *rest] = x[n, c, *rest] / power(attrs.k + attrs.alpha / attrs.size * summed, attrs.beta)
    return values(y), work


def softmax(attrs: Any, x: Any, *, logarithm: bool = False) -> tuple[Any, Counter[str]]:
    y = np.empty(x.shape, object)
    with counted() as work:
        x, dim = numbers(x), attrs.dim % x.ndim
        for places in over_groups(x, lambda place: (*place[:dim], *place[dim + 1 :])):
            largest: Any = -np.inf
            for place in places:
                largest = maximum(largest, x[place])
            away = [x[place] - largest for place in places]
            powers = [exp(d) for d in away]
            whole = total(powers)
            results = [d - log_whole for log_whole in (log(whole),) for d in away] if logarithm else None
            for at, place in enumerate(places):
                y[place] = powers[at] / whole if results is None else results[at]
    return values(y), work


def normalised_back(group: Places, parameter: Places) -> Definition:
    """Gradient of ``x``; mean and deviation are kept."""

    def definition(attrs: Any, grad_y: Any, x: Any, weight: Any, *_others: Any) -> tuple[Any, Counter[str]]:
        grad_x = np.empty(x.shape, object)
        with counted() as work:
            x, grad_y, weight = numbers(x), numbers(grad_y), numbers(weight)
            for places in over_groups(x, group(attrs, x)):
                row = [value(x[place]) for place in places]
                mean, rstd = np.mean(row), 1 / np.sqrt(np.var(row) + attrs.eps)
                z = [(x[place] - mean) * Number(rstd) for place in places]
                grads = [scaled(grad_y[place], weight, None, parameter(attrs, x)(place)) for place in places]
                through_mean = total(grads) / len(places)
                through_var = total([grad * score for grad, score in zip(grads, z, strict=True)]) / len(places)
                for place, grad, score in zip(places, grads, z, strict=True):
                    grad_x[place] = Number(rstd) * (grad - through_mean - score * through_var)
        return values(grad_x), work

    return definition


def parameter_back(group: Places, parameter: Places, *, slot: str = "weight", centred: bool = True) -> Definition:
    """Gradient of ``weight`` or ``bias``: sums over all that shares an element of it; mean and deviation are kept."""

    def definition(attrs: Any, grad_y: Any, x: Any, weight: Any, bias: Any = None, *_: Any) -> tuple[Any, Counter[str]]:
        grad = np.full((weight if slot == "weight" else bias).shape, 0.0, object)
        with counted() as work:
            x, grad_y = numbers(x), numbers(grad_y)
            for places in over_groups(x, group(attrs, x)):
                row = np.array([value(x[place]) for place in places])
                mean = row.mean() if centred else 0.0
                rstd = Number(1 / np.sqrt(np.mean((row - mean) ** 2) + attrs.eps))
                for place in places:
                    at = parameter(attrs, x)(place)
                    if slot == "bias":
                        grad[at] = grad[at] + grad_y[place]
                    else:
                        score = (x[place] - mean if centred else x[place]) * rstd
                        grad[at] = grad[at] + grad_y[place] * score
        return values(grad), work

    return definition


def fixed_back(slot: str) -> Definition:
    """Gradient of a tensor of batch normalisation with known statistics: what is folded per channel is kept."""

    def definition(
        attrs: Any, grad_y: Any, x: Any, mean: Any, var: Any, weight: Any, _bias: Any
    ) -> tuple[Any, Counter[str]]:
        rstd = 1 / np.sqrt(var + attrs.eps)
        folded = rstd if weight is None else rstd * weight
        grad = np.full(x.shape if slot == "x" else mean.shape, 0.0, object)
        with counted() as work:
            x, grad_y = numbers(x), numbers(grad_y)
            for place in np.ndindex(x.shape):
                c, given = place[1], grad_y[place]
                if slot == "x":
                    grad[place] = given * folded[c]
                elif slot in ("running_mean", "bias"):
                    grad[c] = grad[c] + given
                else:
                    grad[c] = grad[c] + given * ((x[place] - mean[c]) * rstd[c])
            each = {"running_mean": -folded, "running_var": -folded * rstd / 2}.get(slot)
            grad = grad if each is None else np.array([grad[c] * each[c] for c in range(len(mean))], object)
        return values(grad), work

    return definition


def local_response_norm_back(attrs: Any, grad_y: Any, x: Any) -> tuple[Any, Counter[str]]:
    """A channel enters the sums of the channels around it; zeros beyond the ends are added like others."""
    grad_x, channels = np.empty(x.shape, object), x.shape[1]
    with counted() as work:
        x, grad_y = numbers(x), numbers(grad_y)
        scale, through = np.empty(x.shape, object), np.empty(x.shape, object)
        squares = np.empty(x.shape, object)
        for place in np.ndindex(x.shape):
            squares[place] = x[place] * x[place]
        for n, c, *rest in np.ndindex(x.shape):
            near = range(c - attrs.size // 2, c + (attrs.size - 1) // 2 + 1)
            summed = together([squares[n, at, *rest] if 0 <= at < channels else Number(0.0) for at in near])
            scale[n, c, *rest] = attrs.k + attrs.alpha / attrs.size * summed
        for place in np.ndindex(x.shape):
            through[place] = grad_y[place] * x[place] * power(scale[place], -attrs.beta - 1)
        factor = 2 * attrs.alpha * attrs.beta / attrs.size
        for n, c, *rest in np.ndindex(x.shape):
            place, near = (n, c, *rest), range(c - (attrs.size - 1) // 2, c + attrs.size // 2 + 1)
            summed = together([through[n, at, *rest] if 0 <= at < channels else Number(0.0) for at in near])
            grad_x[place] = grad_y[place] * power(scale[place], -attrs.beta) - factor * x[place] * summed
    return values(grad_x), work


def rms_norm_back(attrs: Any, grad_y: Any, x: Any, weight: Any) -> tuple[Any, Counter[str]]:
    grad_x = np.empty(x.shape, object)
    with counted() as work:
        x, grad_y, weight = numbers(x), numbers(grad_y), numbers(weight)
        for places in over_groups(x, lambda place: place[: -len(attrs.normalized_shape)]):
            rrms = Number(1 / np.sqrt(np.mean([value(x[place]) ** 2 for place in places]) + attrs.eps))
            z = [x[place] * rrms for place in places]
            grads = [scaled(grad_y[place], weight, None, of_last(attrs, x)(place)) for place in places]
            through = total([grad * score for grad, score in zip(grads, z, strict=True)]) / len(places)
            for place, grad, score in zip(places, grads, z, strict=True):
                grad_x[place] = rrms * (grad - score * through)
    return values(grad_x), work


def softmax_back(attrs: Any, grad_y: Any, x: Any, *, logarithm: bool = False) -> tuple[Any, Counter[str]]:
    y, _ = softmax(attrs, x, logarithm=logarithm)
    grad_x = np.empty(x.shape, object)
    with counted() as work:
        y, grad_y, dim = numbers(y), numbers(grad_y), attrs.dim % x.ndim
        for places in over_groups(x, lambda place: (*place[:dim], *place[dim + 1 :])):
            summed = total([grad_y[place] if logarithm else y[place] * grad_y[place] for place in places])
            for place in places:
                grad = grad_y[place]
                grad_x[place] = grad - exp(y[place]) * summed if logarithm else y[place] * (grad - summed)
    return values(grad_x), work


def by_group(attrs: Any, x: Any) -> Callable[[Place], Any]:
    return lambda place: (place[0], place[1] // (x.shape[1] // attrs.num_groups))


def by_row(attrs: Any, _x: Any) -> Callable[[Place], Any]:
    return lambda place: place[: -len(attrs.normalized_shape)]


def by_channel(_attrs: Any, _x: Any) -> Callable[[Place], Any]:
    return lambda place: place[:2]


def over_samples(_attrs: Any, _x: Any) -> Callable[[Place], Any]:
    return lambda place: place[1]


GRADIENTS = {
    **{("batch_norm", slot): fixed_back(slot) for slot in ("x", "running_mean", "running_var", "weight", "bias")},
    ("batch_norm_training", "x"): normalised_back(over_samples, of_channel),
    ("batch_norm_training", "weight"): parameter_back(over_samples, of_channel),
    ("batch_norm_training", "bias"): parameter_back(over_samples, of_channel, slot="bias"),
    ("group_norm", "weight"): parameter_back(by_group, of_channel),
    ("group_norm", "bias"): parameter_back(by_group, of_channel, slot="bias"),
    ("instance_norm", "weight"): parameter_back(by_channel, of_channel),
    ("instance_norm", "bias"): parameter_back(by_channel, of_channel, slot="bias"),
    ("layer_norm", "weight"): parameter_back(by_row, of_last),
    ("layer_norm", "bias"): parameter_back(by_row, of_last, slot="bias"),
    ("local_response_norm", "x"): local_response_norm_back,
    ("rms_norm", "weight"): parameter_back(by_row, of_last, centred=False),
    ("group_norm", "x"): normalised_back(by_group, of_channel),
    ("instance_norm", "x"): normalised_back(by_channel, of_channel),
    ("layer_norm", "x"): normalised_back(by_row, of_last),
    ("log_softmax", "x"): lambda attrs, grad_y, x: softmax_back(attrs, grad_y, x, logarithm=True),
    ("rms_norm", "x"): rms_norm_back,
    ("softmax", "x"): softmax_back,
}
DEFINITIONS = {
    "batch_norm": batch_norm,
    "batch_norm_training": batch_norm_training,
    "group_norm": normalised(by_group, of_channel),
    "instance_norm": normalised(by_channel, of_channel),
    "layer_norm": normalised(by_row, of_last),
    "local_response_norm": local_response_norm,
    "log_softmax": lambda attrs, x: softmax(attrs, x, logarithm=True),
    "rms_norm": rms_norm,
    "softmax": softmax,
}
