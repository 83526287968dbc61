"""Interpolation, one dimension after the other: every output is a weighted sum of a few elements along it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import TypeAlias

from netweight.lazy import Array, np

Pass: TypeAlias = "tuple[int, Array, Array]"
"""Axis; and for each tap (row) and output (column) the element that it reads, and the weight of that."""


def passed(x: Array, passes: Iterable[Pass]) -> Array:
    """What the passes make of ``x``; a single tap is a copy. Weights of integers stay floating, and so does ``y``."""
    y = x
    for axis, index, weight in passes:
        if len(index) == 1:
            y = np.take(y, index[0], axis=axis)
            continue
        typed = weight.astype(x.dtype) if x.dtype.kind == "f" else weight
        parts = typed.reshape(*weight.shape, *(1,) * (x.ndim - axis - 1))
        y = reduce(np.add, (np.take(y, near, axis=axis) * part for near, part in zip(index, parts, strict=True)))
    return y


def passed_back(grad: Array, shape: tuple[int, ...], passes: Iterable[Pass]) -> Array:
    """Gradient of what passes over a tensor of ``shape`` read: added up with the same weights, last pass first."""
    for axis, index, weight in reversed(list(passes)):
        moved = np.moveaxis(grad, axis, 0)
        summed = np.zeros((shape[axis], *moved.shape[1:]), grad.dtype)
        for near, part in zip(index, weight.astype(grad.dtype), strict=True):
            np.add.at(summed, near, moved * part.reshape(-1, *(1,) * (moved.ndim - 1)))
        grad = np.moveaxis(summed, 0, axis)
    return grad
