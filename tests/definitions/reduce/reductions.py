"""Reductions and running ones of plain numbers that count."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from definitions.counting import (
    Number,
    absolute,
    both,
    counted,
    differs,
    either,
    exp,
    greater,
    log,
    maximum,
    minimum,
    numbers,
    power,
    sign,
    sqrt,
    together,
    value,
    values,
)

Definition = Callable[..., tuple[Any, Counter[str]]]


def rows(attrs: Any, x: Any) -> Any:
    """(..., reduced): what becomes one number, in the order the dimensions are named in."""
    dims = attrs.dims or tuple(range(x.ndim))
    kept = [dim for dim in range(x.ndim) if dim not in dims]
    return x.transpose(*kept, *dims).reshape(*(x.shape[dim] for dim in kept), -1)


def reducing(function: Callable[[Any, list[Any]], Any]) -> Definition:
    """A function of the attributes and a list of numbers."""

    def definition(attrs: Any, x: Any) -> tuple[Any, Counter[str]]:
        lists = rows(attrs, x)
        y = np.empty(lists.shape[:-1], object)
        with counted() as work:
            for place in np.ndindex(y.shape):
                y[place] = function(attrs, list(numbers(lists[place])))
        sizes = [1 if dim in (attrs.dims or range(x.ndim)) else size for dim, size in enumerate(x.shape)]
        return values(y).reshape(sizes if attrs.keepdim else y.shape), work

    return definition


def mean(_attrs: Any, xs: list[Any]) -> Any:
    return together(xs) / len(xs)


def var(attrs: Any, xs: list[Any]) -> Any:
    middle = mean(attrs, xs)
    away = [x - middle for x in xs]
    return together([d * d for d in away]) / (len(xs) - attrs.correction)


def folded(choose: Callable[[Any, Any], Any]) -> Callable[[Any, list[Any]], Any]:
    def function(_attrs: Any, xs: list[Any]) -> Any:
        found = xs[0]
        for x in xs[1:]:
            found = choose(found, x)
        return found

    return function


def place_of(is_better: Callable[[Any, Any], bool]) -> Callable[[Any, list[Any]], Any]:
    def function(_attrs: Any, xs: list[Any]) -> Any:
        found = 0
        for at in range(1, len(xs)):
            found = at if is_better(xs[at], xs[found]) else found
        return found

    return function


def count_nonzero(_attrs: Any, xs: list[Any]) -> Any:
    return together([Number(int(differs(x, 0))) for x in xs])


def logsumexp(_attrs: Any, xs: list[Any]) -> Any:
    largest = folded(maximum)(_attrs, xs)
    return log(together([exp(x - largest) for x in xs])) + largest


def vector_norm(attrs: Any, xs: list[Any]) -> Any:
    if attrs.ord == 1:
        return together([absolute(x) for x in xs])
    if attrs.ord == 2:
        return sqrt(together([x * x for x in xs]))
    return power(together([power(absolute(x), attrs.ord) for x in xs]), 1 / attrs.ord)


def running(step: Callable[[Any, Any], Any]) -> Definition:
    """From element to element along a dimension."""

    def definition(attrs: Any, x: Any) -> tuple[Any, Counter[str]]:
        lists = np.moveaxis(x, attrs.dim, 0)
        y = np.empty(lists.shape, object)
        with counted() as work:
            lists = numbers(lists)
            for at, *rest in np.ndindex(lists.shape):
                y[at, *rest] = step(y[at - 1, *rest], lists[at, *rest]) if at else lists[at, *rest]
        return np.moveaxis(values(y), 0, attrs.dim), work

    return definition


def log_of_both(a: Any, b: Any) -> Any:
    return maximum(a, b) + log(1 + exp(-absolute(a - b)))


def histc(attrs: Any, x: Any) -> tuple[Any, Counter[str]]:
    """Both ends are asked for of every element, and its place is rounded down."""
    counts: list[Any] = [0.0] * attrs.bins
    with counted() as work:
        for element in np.ravel(numbers(x)):
            inside = not (greater(attrs.min, element) | greater(element, attrs.max))
            place = minimum((element - attrs.min) * (attrs.bins / (attrs.max - attrs.min)), np.inf)
            at = min(int(value(place)), attrs.bins - 1) if inside else 0
            counts[at] = counts[at] + Number(float(inside))
    return values(np.array(counts, object)), work


def back(function: Callable[..., list[Any]]) -> Definition:
    """Gradient of each list of numbers from that of its reduction."""

    def definition(attrs: Any, grad_y: Any, x: Any) -> tuple[Any, Counter[str]]:
        lists, places = rows(attrs, x), rows(attrs, np.arange(x.size).reshape(x.shape))
        grads, grad_x = grad_y.reshape(lists.shape[:-1]), np.empty(x.size, object)
        with counted() as work:
            for place in np.ndindex(lists.shape[:-1]):
                found = function(attrs, numbers(grads[place]).item(), list(numbers(lists[place])))
                for at, grad in zip(places[place], found, strict=True):
                    grad_x[at] = grad
        return values(grad_x).reshape(x.shape), work

    return definition


def mean_back(_attrs: Any, grad: Any, xs: list[Any]) -> list[Any]:
    return [grad / len(xs)] * len(xs)


def var_back(attrs: Any, grad: Any, xs: list[Any]) -> list[Any]:
    middle = mean(attrs, xs)
    return [grad * (x - middle) * (2 / (len(xs) - attrs.correction)) for x in xs]


def logsumexp_back(attrs: Any, grad: Any, xs: list[Any]) -> list[Any]:
    """The result is kept."""
    with counted():
        y = logsumexp(attrs, xs)
    return [grad * exp(x - y) for x in xs]


def vector_norm_back(attrs: Any, grad: Any, xs: list[Any]) -> list[Any]:
    """The result is kept."""
    with counted():
        y = vector_norm(attrs, xs)
    if attrs.ord == 1:
        return [grad * sign(x) for x in xs]
    if attrs.ord == 2:
        share = grad / y
        return [x * share for x in xs]
    share = grad / power(y, attrs.ord - 1)
    return [sign(x) * power(absolute(x), attrs.ord - 1) * share for x in xs]


GRADIENTS = {
    ("logsumexp", "x"): back(logsumexp_back),
    ("mean", "x"): back(mean_back),
    ("var", "x"): back(var_back),
    ("vector_norm", "x"): back(vector_norm_back),
}
DEFINITIONS = {
    "all": reducing(folded(both)),
    "amax": reducing(folded(maximum)),
    "amin": reducing(folded(minimum)),
    "any": reducing(folded(either)),
    "argmax": reducing(place_of(greater)),
    "argmin": reducing(place_of(lambda a, b: greater(b, a))),
    "count_nonzero": reducing(count_nonzero),
    "cummax": running(maximum),
    "cummin": running(minimum),
    "cumprod": running(lambda so_far, x: so_far * x),
    "cumsum": running(lambda so_far, x: so_far + x),
    "histc": histc,
    "logcumsumexp": running(log_of_both),
    "logsumexp": reducing(logsumexp),
    "mean": reducing(mean),
    "prod": reducing(folded(lambda so_far, x: so_far * x)),
    "sum": reducing(lambda _attrs, xs: together(xs)),
    "var": reducing(var),
    "vector_norm": reducing(vector_norm),
}
