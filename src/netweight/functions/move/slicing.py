"""Parts of tensors, and tensors put together.

Dimensions may be negative, counted from the end.
"""

from __future__ import annotations

from collections.abc import Sequence

from netweight.errors import ShapeError
from netweight.functions.move.layout import unsqueeze
from netweight.functions.recorder import Recorder, T, from_front, layer_named, new_dim
from netweight.ops.move.slicing import ConcatAttrs, SliceAttrs, SplitAttrs


@layer_named("cat")
def concat(rec: Recorder, xs: Sequence[T], dim: int = 1) -> T:
    """Tensors one after the other along a dimension, that of the channels unless told otherwise.

    >>> from netweight import build
    >>> build.graph(lambda x: build.concat([x, build.relu(x)]), (2, 8, 4, 4), name="one")
    <Graph 'one': 2 operators, x float32[2, 8, 4, 4] -> cat float32[2, 16, 4, 4]>
    """
    return rec.op("concat", ConcatAttrs(dim=from_front(rec, xs[0], dim)[0]), *xs)


def stack(rec: Recorder, xs: Sequence[T], dim: int = 0) -> T:
    """Tensors of one shape side by side along a new dimension."""
    at = new_dim(rec, xs[0], dim)
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
