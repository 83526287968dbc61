"""Elements in other places: padding, rolls, repetitions, shuffles, triangles, diagonals; and tensors made from nothing.

Dimensions may be negative, counted from the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from netweight.errors import ShapeError
from netweight.functions.move.layout import reshape, transpose
from netweight.functions.recorder import Recorder, T, from_front
from netweight.ops.move.copies import RepeatInterleaveAttrs
from netweight.ops.move.creation import ArangeAttrs, FullAttrs, OneHotAttrs
from netweight.ops.move.diagonals import StridedViewAttrs
from netweight.ops.move.rearrange import FlipAttrs, PadAttrs, RepeatAttrs, RollAttrs
from netweight.ops.move.shuffle import ChannelShuffleAttrs, PixelShuffleAttrs, PixelUnshuffleAttrs
from netweight.ops.move.slicing import SliceAttrs
from netweight.ops.move.triangle import DiagonalAttrs, TriangleAttrs


def pad(
    rec: Recorder,
    x: T,
    pad: Sequence[int],
    mode: Literal["constant", "reflect", "replicate", "circular"] = "constant",
    value: float | None = None,
) -> T:
    """Elements added around the last dimensions.

    Args:
        rec: Where it is recorded.
        x: Any tensor.
        pad: Elements before and after the last dimension, then before and after the one before it, and so on.
        mode: What the added elements are.
        value: What they are in mode ``"constant"``, zero unless given.
    """
    if len(pad) % 2:
        raise ShapeError(f"pad: expected amounts before and after each dim, got {len(pad)} of them")
    pairs = tuple(zip(pad[::2], pad[1::2], strict=True))[::-1]
    padding = ((0, 0),) * (len(rec.spec(x).shape) - len(pairs)) + pairs
    attrs = PadAttrs(padding=padding, mode="zeros" if mode == "constant" else mode, value=float(value or 0))
    return rec.op("pad", attrs, x)


def roll(rec: Recorder, x: T, shifts: int | Sequence[int], dims: int | Sequence[int] = ()) -> T:
    """Elements moved on along the dimensions, or along all of them as one; those pushed out come in at the start."""
    moves = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    along = (dims,) if isinstance(dims, int) else tuple(dims)
    if not along:
        return reshape(rec, roll(rec, reshape(rec, x, -1), moves, 0), *rec.spec(x).shape)
    return rec.op("roll", RollAttrs(shifts=moves, dims=from_front(rec, x, along)), x)


def flip(rec: Recorder, x: T, dims: int | Sequence[int]) -> T:
    """Dimensions reversed."""
    along = (dims,) if isinstance(dims, int) else tuple(dims)
    return rec.op("flip", FlipAttrs(dims=from_front(rec, x, along)), x)


def rot90(rec: Recorder, x: T, k: int = 1, dims: Sequence[int] = (0, 1)) -> T:
    """A quarter turn, ``k`` times, from the first of two dimensions towards the second."""
    first, second = dims
    match k % 4:
        case 1:
            return transpose(rec, flip(rec, x, second), first, second)
        case 2:
            return flip(rec, x, dims)
        case 3:
            return transpose(rec, flip(rec, x, first), first, second)
        case _:
            return copy(rec, x)


def repeat(rec: Recorder, x: T, *repeats: int) -> T:
    """Copies one after the other along each dimension; more repeats than dimensions make new ones in front."""
    return rec.op("repeat", RepeatAttrs(repeats=repeats), x)


def repeat_interleave(rec: Recorder, x: T, repeats: int, dim: int | None = None) -> T:
    """Every element several times, one copy right after the other; of all elements in a row if there is no dim."""
    if dim is None:
        x, dim = reshape(rec, x, -1), 0
    return rec.op("repeat_interleave", RepeatInterleaveAttrs(repeats=repeats, dim=from_front(rec, x, dim)[0]), x)


def copy(rec: Recorder, x: T) -> T:
    """The same elements in memory of their own: PyTorch's clone, and contiguous where that copies."""
    return rec.op("copy", None, x)


def detach(rec: Recorder, x: T) -> T:
    """``x`` itself; no gradient passes through."""
    return rec.op("detach", None, x)


def slice_scatter(
    rec: Recorder, x: T, src: T, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> T:
    """``x`` with ``x[start:end:step]`` along a dimension replaced by ``src``; negative positions count from the end."""
    (along,) = from_front(rec, x, dim)
    first, last, _ = slice(start, end).indices(rec.spec(x).shape[along])
    return rec.op("slice_scatter", SliceAttrs(dim=along, start=first, stop=max(first, last), step=step), x, src)


def pixel_shuffle(rec: Recorder, x: T, upscale_factor: int) -> T:
    """(..., C r², H, W) to (..., C, H r, W r)."""
    return rec.op("pixel_shuffle", PixelShuffleAttrs(upscale_factor=upscale_factor), x)


def pixel_unshuffle(rec: Recorder, x: T, downscale_factor: int) -> T:
    """(..., C, H r, W r) to (..., C r², H, W)."""
    return rec.op("pixel_unshuffle", PixelUnshuffleAttrs(downscale_factor=downscale_factor), x)


def channel_shuffle(rec: Recorder, x: T, groups: int) -> T:
    """The first channel of every group, then the second of every group, and so on."""
    return rec.op("channel_shuffle", ChannelShuffleAttrs(groups=groups), x)


def tril(rec: Recorder, x: T, diagonal: int = 0) -> T:
    """The lower triangle of the last two dimensions, zeros above the diagonal."""
    return rec.op("tril", TriangleAttrs(diagonal=diagonal), x)


def triu(rec: Recorder, x: T, diagonal: int = 0) -> T:
    """The upper triangle of the last two dimensions, zeros below the diagonal."""
    return rec.op("triu", TriangleAttrs(diagonal=diagonal), x)


def diagonal(rec: Recorder, x: T, offset: int = 0, dim1: int = 0, dim2: int = 1) -> T:
    """A diagonal of two dimensions, as the last dimension: a view."""
    rows, columns = from_front(rec, x, (dim1, dim2))
    return rec.op("diagonal", DiagonalAttrs(offset=offset, dim1=rows, dim2=columns), x)


def diagonal_scatter(rec: Recorder, x: T, src: T, offset: int = 0, dim1: int = 0, dim2: int = 1) -> T:
    """``x`` with a diagonal of two dimensions replaced by ``src``."""
    rows, columns = from_front(rec, x, (dim1, dim2))
    return rec.op("diagonal_scatter", DiagonalAttrs(offset=offset, dim1=rows, dim2=columns), x, src)


def diag_embed(rec: Recorder, x: T, offset: int = 0, dim1: int = -2, dim2: int = -1) -> T:
    """The last dimension along a diagonal of two new ones, zeros beside it."""
    rank = len(rec.spec(x).shape) + 1
    return rec.op("diag_embed", DiagonalAttrs(offset=offset, dim1=dim1 % rank, dim2=dim2 % rank), x)


def as_strided(rec: Recorder, x: T, size: tuple[int, ...], stride: tuple[int, ...], storage_offset: int = 0) -> T:
    """A view by strides, counted in the elements of ``x`` in order."""
    return rec.op("strided_view", StridedViewAttrs(size=size, stride=stride, offset=storage_offset), x)


def full(rec: Recorder, x: T, shape: tuple[int, ...], fill_value: float, *, dtype: str | None = None) -> T:
    """A tensor of equal elements in the network of ``x``, of the type of ``x`` unless told otherwise."""
    return rec.op("full", FullAttrs(shape=shape, value=fill_value, dtype=dtype or rec.spec(x).dtype))


def full_like(rec: Recorder, x: T, fill_value: float, *, dtype: str | None = None) -> T:
    """Equal elements in the shape of ``x``."""
    return full(rec, x, rec.spec(x).shape, fill_value, dtype=dtype)


def zeros_like(rec: Recorder, x: T, *, dtype: str | None = None) -> T:
    """Zeros in the shape of ``x``."""
    return full(rec, x, rec.spec(x).shape, 0, dtype=dtype)


def ones_like(rec: Recorder, x: T, *, dtype: str | None = None) -> T:
    """Ones in the shape of ``x``."""
    return full(rec, x, rec.spec(x).shape, 1, dtype=dtype)


def arange(rec: Recorder, _x: T, start: float, end: float, step: float = 1, *, dtype: str = "int64") -> T:
    """Numbers from ``start`` on that do not reach ``end``, in the network of a tensor."""
    return rec.op("arange", ArangeAttrs(start=start, end=end, step=step, dtype=dtype))


def one_hot(rec: Recorder, x: T, num_classes: int) -> T:
    """For each class number a vector of zeros with a one in its place, as int64."""
    return rec.op("one_hot", OneHotAttrs(num_classes=num_classes), x)
