"""The same elements under another shape, parts of tensors, and tensors put together.

Dimensions may be negative, counted from the end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from netweight.errors import ShapeError
from netweight.ops.move.gather import GatherAttrs
from netweight.ops.move.layout import ExpandAttrs, PermuteAttrs, ReshapeAttrs
from netweight.ops.move.rearrange import FlipAttrs, PadAttrs, RepeatAttrs, RollAttrs
from netweight.ops.move.slicing import ConcatAttrs, SliceAttrs, SplitAttrs
from netweight.sources.build.core import Symbol, call
from netweight.sources.build.params import from_front


def reshape(x: Symbol, *shape: int, name: str = "reshape") -> Symbol:
    """Same elements under another shape; one size may be -1."""
    return call("reshape", ReshapeAttrs(shape=shape), x, name=name)


def flatten(x: Symbol, start_dim: int = 1, end_dim: int = -1, *, name: str = "flatten") -> Symbol:
    """The dimensions from ``start_dim`` to ``end_dim``, both included, as one."""
    (start,), (end,) = from_front(x, start_dim), from_front(x, end_dim)
    shape = (*x.shape[:start], math.prod(x.shape[start : end + 1]), *x.shape[end + 1 :])
    return reshape(x, *shape, name=name)


def squeeze(x: Symbol, dim: int | tuple[int, ...] = (), *, name: str = "squeeze") -> Symbol:
    """Without the given dimensions of size 1, or without any of size 1."""
    dropped = from_front(x, dim) or tuple(range(len(x.shape)))
    return reshape(x, *(s for i, s in enumerate(x.shape) if i not in dropped or s != 1), name=name)


def unsqueeze(x: Symbol, dim: int, *, name: str = "unsqueeze") -> Symbol:
    """With a new dimension of size 1 before ``dim``."""
    at = _new_dim(x, dim)
    return reshape(x, *x.shape[:at], 1, *x.shape[at:], name=name)


def permute(x: Symbol, *order: int, name: str = "permute") -> Symbol:
    """Dimensions in another order."""
    return call("permute", PermuteAttrs(order=from_front(x, order)), x, name=name)


def transpose(x: Symbol, dim0: int, dim1: int, *, name: str = "transpose") -> Symbol:
    """Two dimensions exchanged."""
    (first,), (second,) = from_front(x, dim0), from_front(x, dim1)
    swap = {first: second, second: first}
    return permute(x, *(swap.get(dim, dim) for dim in range(len(x.shape))), name=name)


def expand(x: Symbol, *shape: int, name: str = "expand") -> Symbol:
    """Sizes of 1 stretched without a copy; -1 keeps a size, new dimensions come first."""
    old = (-1,) * (len(shape) - len(x.shape)) + x.shape
    full = tuple(kept if size == -1 else size for size, kept in zip(shape, old, strict=False))
    return call("expand", ExpandAttrs(shape=full), x, name=name)


def concat(xs: Sequence[Symbol], dim: int = 1, *, name: str = "cat") -> Symbol:
    """Tensors one after the other along a dimension, that of the channels unless told otherwise."""
    if not xs:
        raise ShapeError("concat: expected at least one tensor, got none")
    return call("concat", ConcatAttrs(dim=from_front(xs[0], dim)[0]), *xs, name=name)


def stack(xs: Sequence[Symbol], dim: int = 0, *, name: str = "stack") -> Symbol:
    """Tensors of one shape side by side along a new dimension."""
    if not xs:
        raise ShapeError("stack: expected at least one tensor, got none")
    at = _new_dim(xs[0], dim)
    return concat([unsqueeze(x, at) for x in xs], at, name=name)


def split(x: Symbol, sizes: int | Sequence[int], dim: int = 1, *, name: str = "split") -> tuple[Symbol, ...]:
    """Parts of the given sizes along a dimension; of one size, the last one smaller if need be.

    Raises:
        ShapeError: If the sizes do not add up.
    """
    (along,) = from_front(x, dim)
    if isinstance(sizes, int):
        if sizes < 1:
            raise ShapeError(f"split: expected a size of at least 1, got {sizes}")
        whole, rest = divmod(x.shape[along], sizes)
        sizes = (*(sizes,) * whole, *((rest,) if rest else ()))
    layer = x.builder.layer_name(name)
    return x.builder.call("split", SplitAttrs(sizes=tuple(sizes), dim=along), (x,), layer=layer)


def chunk(x: Symbol, chunks: int, dim: int = 1, *, name: str = "chunk") -> tuple[Symbol, ...]:
    """Parts of equal size along a dimension, the last one smaller if need be."""
    if chunks < 1:
        raise ShapeError(f"chunk: expected at least 1 chunk, got {chunks}")
    return split(x, -(-x.shape[from_front(x, dim)[0]] // chunks), dim, name=name)


def narrow(x: Symbol, dim: int, start: int, length: int, *, name: str = "narrow") -> Symbol:
    """``length`` positions from ``start`` on along a dimension."""
    (along,) = from_front(x, dim)
    return call("slice", SliceAttrs(dim=along, start=start, stop=start + length), x, name=name)


def gather(x: Symbol, dim: int, index: Symbol, *, name: str = "gather") -> Symbol:
    """For each element of ``index`` the one of ``x`` at that position along the dimension."""
    return call("gather", GatherAttrs(dim=from_front(x, dim)[0]), x, index, name=name)


def index_select(x: Symbol, dim: int, index: Symbol, *, name: str = "index_select") -> Symbol:
    """Whole slices of ``x`` at the positions that ``index``, of one dimension, lists."""
    return call("index_select", GatherAttrs(dim=from_front(x, dim)[0]), x, index, name=name)


def pad(
    x: Symbol,
    pad: tuple[int, ...],
    mode: Literal["constant", "reflect", "replicate", "circular"] = "constant",
    value: float = 0.0,
    *,
    name: str = "pad",
) -> Symbol:
    """Elements added around the last dimensions.

    Args:
        x: Any tensor.
        pad: Elements before and after the last dimension, then before and after the one before it, and so on.
        mode: What the added elements are.
        value: What they are in mode ``"constant"``.
        name: Last part of the module path.

    Raises:
        ShapeError: If the amounts are not in pairs, are too many, or the mode cannot fill them.
    """
    if len(pad) % 2:
        raise ShapeError(f"pad: expected amounts before and after each dim, got {len(pad)} of them")
    pairs = tuple(zip(pad[::2], pad[1::2], strict=True))[::-1]
    padding = ((0, 0),) * (len(x.shape) - len(pairs)) + pairs
    attrs = PadAttrs(padding=padding, mode="zeros" if mode == "constant" else mode, value=value)
    return call("pad", attrs, x, name=name)


def roll(x: Symbol, shifts: int | tuple[int, ...], dims: int | tuple[int, ...], *, name: str = "roll") -> Symbol:
    """Elements moved on along the dimensions; those pushed out come in at the start."""
    moves = (shifts,) if isinstance(shifts, int) else shifts
    return call("roll", RollAttrs(shifts=moves, dims=from_front(x, dims)), x, name=name)


def flip(x: Symbol, dims: int | tuple[int, ...], *, name: str = "flip") -> Symbol:
    """Dimensions reversed."""
    return call("flip", FlipAttrs(dims=from_front(x, dims)), x, name=name)


def repeat(x: Symbol, *repeats: int, name: str = "repeat") -> Symbol:
    """Copies one after the other along each dimension; more repeats than dimensions make new ones in front."""
    return call("repeat", RepeatAttrs(repeats=repeats), x, name=name)


def _new_dim(x: Symbol, dim: int) -> int:
    rank = len(x.shape) + 1
    if not -rank <= dim < rank:
        raise ShapeError(f"dim: expected {-rank} <= dim < {rank} for a new one, got {dim} for shape {x.shape}")
    return dim + rank if dim < 0 else dim
