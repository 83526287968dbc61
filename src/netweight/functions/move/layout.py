"""The same elements under another shape, parts of tensors, and tensors put together.

Dimensions may be negative, counted from the end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from netweight.errors import ShapeError
from netweight.functions.recorder import Recorder, T, from_front, layer_named
from netweight.ops.move.layout import ExpandAttrs, PermuteAttrs, ReshapeAttrs
from netweight.ops.move.slicing import ConcatAttrs, SliceAttrs, SplitAttrs


def reshape(rec: Recorder, x: T, *shape: int) -> T:
    """Same elements under another shape; one size may be -1."""
    return rec.op("reshape", ReshapeAttrs(shape=shape), x)


def flatten(rec: Recorder, x: T, start_dim: int = 1, end_dim: int = -1) -> T:
    """The dimensions from ``start_dim`` to ``end_dim``, both included, as one."""
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
    at, shape = _new_dim(rec, x, dim), rec.spec(x).shape
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


@layer_named("cat")
def concat(rec: Recorder, xs: Sequence[T], dim: int = 1) -> T:
    """Tensors one after the other along a dimension, that of the channels unless told otherwise."""
    return rec.op("concat", ConcatAttrs(dim=from_front(rec, xs[0], dim)[0]), *xs)


def stack(rec: Recorder, xs: Sequence[T], dim: int = 0) -> T:
    """Tensors of one shape side by side along a new dimension."""
    at = _new_dim(rec, xs[0], dim)
    return concat(rec, [unsqueeze(rec, x, at) for x in xs], at)


def split(rec: Recorder, x: T, sizes: int | Sequence[int], dim: int = 1) -> tuple[T, ...]:
    """Parts of the given sizes along a dimension; of one size, the last one smaller if need be."""
    (along,) = from_front(rec, x, dim)
    if isinstance(sizes, int):
        if sizes < 1:
            raise ShapeError(f"split: expected a size of at least 1, got {sizes}")
        whole, rest = divmod(rec.spec(x).shape[along], sizes)
        sizes = (*(sizes,) * whole, *((rest,) if rest else ()))
    parts = rec.op("split", SplitAttrs(sizes=tuple(sizes), dim=along), x)
    return parts if isinstance(parts, tuple) else (parts,)


def chunk(rec: Recorder, x: T, chunks: int, dim: int = 1) -> tuple[T, ...]:
    """Parts of equal size along a dimension, the last one smaller if need be."""
    if chunks < 1:
        raise ShapeError(f"chunk: expected at least 1 chunk, got {chunks}")
    return split(rec, x, -(-rec.spec(x).shape[from_front(rec, x, dim)[0]] // chunks), dim)


def narrow(rec: Recorder, x: T, dim: int, start: int, length: int) -> T:
    """``length`` positions from ``start`` on along a dimension."""
    (along,) = from_front(rec, x, dim)
    return rec.op("slice", SliceAttrs(dim=along, start=start, stop=start + length), x)


def _new_dim(rec: Recorder, x: object, dim: int) -> int:
    shape = rec.spec(x).shape
    rank = len(shape) + 1
    if not -rank <= dim < rank:
        raise ShapeError(f"dim: expected {-rank} <= dim < {rank} for a new one, got {dim} for shape {shape}")
    return dim + rank if dim < 0 else dim
