"""Sampling around coordinates, as loops over positions, corners and channels that count what they do."""

import functools
import itertools
import math
import operator
from collections import Counter
from typing import Any

import numpy as np

from definitions.counting import (
    Number,
    absolute,
    counted,
    greater,
    maximum,
    minimum,
    numbers,
    together,
    total,
    value,
    values,
)

_CUBIC_A = -0.75


def _whole(x: Any, rounding: Any = math.floor) -> Any:
    """Rounding is taken for a comparison."""
    return minimum(rounding(value(x)), math.inf)


def _within(attrs: Any, at: Any, size: int) -> Any:
    """A coordinate or the position of an element, brought into the input."""
    if attrs.padding_mode == "zeros":
        return at
    if attrs.padding_mode == "reflection":
        low, span = (0.0, size - 1.0 or 1.0) if attrs.align_corners else (-0.5, float(size))
        distance = absolute(at - low)
        turns = _whole(distance / span)
        rest = distance - turns * span
        odd = greater(value(turns) % 2, 0)
        at = (span + low) - rest if odd else rest + low
    return minimum(maximum(at, 0.0), size - 1.0)


def _shares(attrs: Any, at: Any, near: Any) -> list[Any]:
    """Of the elements around a coordinate."""
    part = at - near
    if attrs.mode == "linear":
        return [1 - part, part]

    def inner(d: Any) -> Any:
        return ((_CUBIC_A + 2) * d - (_CUBIC_A + 3)) * d * d + 1

    def outer(d: Any) -> Any:
        return (((d - 5) * d + 8) * d - 4) * _CUBIC_A

    return [outer(part + 1), inner(part), inner(1 - part), outer(2 - part)]


def _slopes(attrs: Any, part: float) -> list[Any]:
    """Of the shares, along the coordinate; that of linear is a sign."""

    def inner(d: Any) -> Any:
        return (3 * (_CUBIC_A + 2) * d - 2 * (_CUBIC_A + 3)) * d

    def outer(d: Any) -> Any:
        return ((3 * d - 10) * d + 8) * _CUBIC_A

    if attrs.mode == "linear":
        return [-1.0, 1.0]
    near, far = Number(part), Number(1 - part)
    return [outer(Number(1 + part)), inner(near), -inner(far), -outer(Number(2 - part))]


def _along(attrs: Any, g: Any, size: int) -> tuple[list[tuple[int | None, Any]], Any, Any]:
    """Elements around a coordinate, None outside of the input, with their shares; coordinate and first element."""
    scale, edge = _scale(attrs, size)
    at = g * scale + (scale - edge)
    if attrs.mode != "cubic":
        at = _within(attrs, at, size)
    near = _whole(at, round if attrs.mode == "nearest" else math.floor)
    first, many = {"nearest": (0, 1), "linear": (0, 2), "cubic": (-1, 4)}[attrs.mode]
    elements = [Number(value(near) + first + step) for step in range(many)]
    if attrs.mode == "cubic":
        elements = [_within(attrs, element, size) for element in elements]
    shares = [1.0] if attrs.mode == "nearest" else _shares(attrs, at, near)
    return [(_inside(attrs, element, size), share) for element, share in zip(elements, shares, strict=True)], at, near


def _scale(attrs: Any, size: int) -> tuple[float, float]:
    return ((size - 1) / 2, 0.0) if attrs.align_corners else (size / 2, 0.5)


def _inside(attrs: Any, element: Any, size: int) -> int | None:
    """Both ends are compared where it may lie outside; linear meets an element outside with a share of 0 alone."""
    if attrs.padding_mode == "zeros" and (greater(0, element), greater(element, size - 1)) != (False, False):
        return None
    return min(int(value(element)), size - 1)


def _positions(x: Any, grid: Any) -> Any:
    """Sample, position, and the coordinates there, those of the first dimension first."""
    for sample, *at in np.ndindex(grid.shape[:-1]):
        yield sample, tuple(at), grid[(sample, *at)][::-1]


def _read(elements: Any) -> Any:
    """Where the corners are, and the shares of each; those outside have None."""
    for corner in itertools.product(*elements):
        place, shares = zip(*corner, strict=True)
        yield (None if None in place else place), shares


def grid_sample(attrs: Any, x: Any, grid: Any) -> tuple[Any, Counter[str]]:
    """What lies outside of the input is weighed like the rest."""
    x, grid = numbers(x), numbers(grid)
    y = np.zeros((*x.shape[:2], *grid.shape[1:-1]), object)
    with counted() as work:
        for sample, at, coordinates in _positions(x, grid):
            along = [_along(attrs, g, size)[0] for g, size in zip(coordinates, x.shape[2:], strict=True)]
            corners = [(place, functools.reduce(operator.mul, shares)) for place, shares in _read(along)]
            for c in range(x.shape[1]):
                read = [(Number(0.0) if place is None else x[(sample, c, *place)], w) for place, w in corners]
                y[(sample, c, *at)] = together([a if attrs.mode == "nearest" else a * w for a, w in read])
    return values(y).astype(float), work


def _known(attrs: Any, g: float, size: int) -> tuple[list[tuple[int | None, float]], float, float]:
    """As forward has found it: nothing is counted."""
    with counted():
        elements, at, near = _along(attrs, Number(g), size)
    return [(place, value(share)) for place, share in elements], value(at), value(near)


def grid_sample_x(attrs: Any, grad_y: Any, x: Any, grid: Any) -> tuple[Any, Counter[str]]:
    """Every corner gets the gradient with its weight."""
    grad = np.zeros(x.shape, object)
    with counted() as work:
        for sample, at, coordinates in _positions(x, grid):
            along = [_known(attrs, g, size)[0] for g, size in zip(coordinates, x.shape[2:], strict=True)]
            for (place, shares), c in itertools.product(_read(along), range(x.shape[1])):
                g = Number(grad_y[(sample, c, *at)])
                more = g if attrs.mode == "nearest" else g * math.prod(shares)
                there = (sample, c, *((0,) * len(shares) if place is None else place))
                grad[there] = grad[there] + (Number(0.0) if place is None else more)
    return values(grad).astype(float), work


def grid_sample_grid(attrs: Any, grad_y: Any, x: Any, grid: Any) -> tuple[Any, Counter[str]]:
    """What a corner passes back of all channels, by how fast its weight grows along each coordinate."""
    grad = np.zeros(grid.shape, object)
    with counted() as work:
        for sample, at, coordinates in _positions(x, grid) if attrs.mode != "nearest" else ():
            sizes = x.shape[2:]
            known = [_known(attrs, g, size) for g, size in zip(coordinates, sizes, strict=True)]
            slopes = [_slopes(attrs, spot - near) for _, spot, near in known]
            for corner in itertools.product(*(range(len(elements)) for elements, *_ in known)):
                place, shares = zip(*(known[dim][0][tap] for dim, tap in enumerate(corner)), strict=True)
                read = np.zeros(x.shape[1]) if None in place else x[(sample, slice(None), *place)]
                through = total([Number(g) * e for g, e in zip(grad_y[(sample, slice(None), *at)], read, strict=True)])
                for dim, tap in enumerate(corner):
                    turned = _turned(attrs, coordinates[dim], sizes[dim])
                    step = through * _scale(attrs, sizes[dim])[0]
                    for other in (*shares[:dim], *shares[dim + 1 :]):
                        step = step * other
                    slope = slopes[dim][tap]
                    step = Number(value(step) * slope) if attrs.mode == "linear" else step * slope
                    grad[(sample, *at, -1 - dim)] += Number(value(step) * turned)
    return values(grad).astype(float), work


def _turned(attrs: Any, g: float, size: int) -> float:
    """Sign or zero of the way in which the coordinate inside the input follows the one that the grid names."""
    if attrs.mode == "cubic":
        return 1.0
    scale, edge = _scale(attrs, size)
    with counted():
        ends = [value(_within(attrs, Number(g * scale + (scale - edge) + step), size)) for step in (-1e-6, 1e-6)]
    return float(np.sign(ends[1] - ends[0]))


DEFINITIONS = {"grid_sample": grid_sample}
GRADIENTS = {("grid_sample", "x"): grid_sample_x, ("grid_sample", "grid"): grid_sample_grid}
