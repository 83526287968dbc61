"""The same elements under another shape.

Dimensions may be negative, counted from the end.
"""

from __future__ import annotations

import math

from netweight.functions.recorder import Recorder, T, from_front, new_dim
from netweight.ops.move.layout import ExpandAttrs, PermuteAttrs, ReshapeAttrs


def reshape(rec: Recorder, x: T, *shape: int) -> T:
    """Same elements under another shape; one size may be -1."""
    return rec.op("reshape", ReshapeAttrs(shape=shape), x)


def flatten(rec: Recorder, x: T, start_dim: int = 1, end_dim: int = -1) -> T:
    """The dimensions from ``start_dim`` to ``end_dim``, both included, as one.

    >>> from netweight import build
    >>> build.graph(lambda x: build.flatten(x), (2, 8, 4, 4), name="one")
    <Graph 'one': 1 operator, x float32[2, 8, 4, 4] -> flatten float32[2, 128]>
    """
    (start,), (end,) = from_front(rec, x, start_dim), from_front(rec, x, end_dim)
    shape = rec.spec(x).shape
    return reshape(rec, x, *shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :])


def squeeze(rec: Recorder, x: T, dim: int | tuple[int, ...] = ()) -> T:
    """Without the given dimensions of size 1, or without any of size 1."""
    shape = rec.spec(x).shape
    dropped = from_front(rec, x, dim) or tuple(range(len(shape)))
    return reshape(rec, x, *(s for i, s in enumerate(shape) if i not in dropped or s != 1))


def unsqueeze(rec: Recorder, x: T, dim: int) -> T:
    """With a new dimension of size 1 before ``dim``."""
    at, shape = new_dim(rec, x, dim), rec.spec(x).shape
    return reshape(rec, x, *shape[:at], 1, *shape[at:])


def permute(rec: Recorder, x: T, *order: int) -> T:
    """Dimensions in another order."""
    return rec.op("permute", PermuteAttrs(order=from_front(rec, x, order)), x)


def transpose(rec: Recorder, x: T, dim0: int, dim1: int) -> T:
    """Two dimensions exchanged."""
    (first,), (second,) = from_front(rec, x, dim0), from_front(rec, x, dim1)
    swap = {first: second, second: first}
    return permute(rec, x, *(swap.get(dim, dim) for dim in range(len(rec.spec(x).shape))))


def expand(rec: Recorder, x: T, *shape: int) -> T:
    """Sizes of 1 stretched without a copy; -1 keeps a size, new dimensions come first."""
    own = rec.spec(x).shape
    old = (-1,) * (len(shape) - len(own)) + own
    full = tuple(kept if size == -1 else size for size, kept in zip(shape, old, strict=False))
    return rec.op("expand", ExpandAttrs(shape=full), x)
