"""Copies, elements in other places, and tensors made from nothing."""

from __future__ import annotations

from netweight.ops.move.copies import RepeatInterleaveAttrs
from netweight.ops.move.creation import ArangeAttrs, FullAttrs, OneHotAttrs
from netweight.ops.move.shuffle import ChannelShuffleAttrs, PixelShuffleAttrs, PixelUnshuffleAttrs
from netweight.ops.move.slicing import SliceAttrs
from netweight.ops.move.triangle import DiagonalAttrs, TriangleAttrs
from netweight.sources.build.core import Symbol, call
from netweight.sources.build.params import from_front


def copy(x: Symbol, *, name: str = "copy") -> Symbol:
    """The same elements in memory of their own: PyTorch's clone, and contiguous where that copies."""
    return call("copy", None, x, name=name)


def slice_scatter(
    x: Symbol,
    src: Symbol,
    dim: int = 0,
    start: int = 0,
    end: int | None = None,
    step: int = 1,
    *,
    name: str = "slice_scatter",
) -> Symbol:
    """``x`` with ``x[start:end:step]`` along a dimension replaced by ``src``; negative positions count from the end."""
    (along,) = from_front(x, dim)
    first, last, _ = slice(start, end).indices(x.shape[along])
    return call("slice_scatter", SliceAttrs(dim=along, start=first, stop=last, step=step), x, src, name=name)


def repeat_interleave(x: Symbol, repeats: int, dim: int, *, name: str = "repeat_interleave") -> Symbol:
    """Every element several times, one copy right after the other."""
    return call("repeat_interleave", RepeatInterleaveAttrs(repeats=repeats, dim=from_front(x, dim)[0]), x, name=name)


def pixel_shuffle(x: Symbol, upscale_factor: int, *, name: str = "pixel_shuffle") -> Symbol:
    """(..., C r², H, W) to (..., C, H r, W r)."""
    return call("pixel_shuffle", PixelShuffleAttrs(upscale_factor=upscale_factor), x, name=name)


def pixel_unshuffle(x: Symbol, downscale_factor: int, *, name: str = "pixel_unshuffle") -> Symbol:
    """(..., C, H r, W r) to (..., C r², H, W)."""
    return call("pixel_unshuffle", PixelUnshuffleAttrs(downscale_factor=downscale_factor), x, name=name)


def channel_shuffle(x: Symbol, groups: int, *, name: str = "channel_shuffle") -> Symbol:
    """The first channel of every group, then the second of every group, and so on."""
    return call("channel_shuffle", ChannelShuffleAttrs(groups=groups), x, name=name)


def tril(x: Symbol, diagonal: int = 0, *, name: str = "tril") -> Symbol:
    """The lower triangle of the last two dimensions, zeros above the diagonal."""
    return call("tril", TriangleAttrs(diagonal=diagonal), x, name=name)


def triu(x: Symbol, diagonal: int = 0, *, name: str = "triu") -> Symbol:
    """The upper triangle of the last two dimensions, zeros below the diagonal."""
    return call("triu", TriangleAttrs(diagonal=diagonal), x, name=name)


def diagonal(x: Symbol, offset: int = 0, dim1: int = 0, dim2: int = 1, *, name: str = "diagonal") -> Symbol:
    """A diagonal of two dimensions, as the last dimension: a view."""
    rows, columns = from_front(x, (dim1, dim2))
    return call("diagonal", DiagonalAttrs(offset=offset, dim1=rows, dim2=columns), x, name=name)


def full(
    x: Symbol, shape: tuple[int, ...], fill_value: float, *, dtype: str | None = None, name: str = "full"
) -> Symbol:
    """A tensor of equal elements in the network of ``x``, of the type of ``x`` unless told otherwise."""
    attrs = FullAttrs(shape=shape, value=fill_value, dtype=dtype or x.spec.dtype)
    return x.builder.call("full", attrs, (), layer=x.builder.layer_name(name))[0]


def full_like(x: Symbol, fill_value: float, *, dtype: str | None = None, name: str = "full_like") -> Symbol:
    """Equal elements in the shape of ``x``."""
    return full(x, x.shape, fill_value, dtype=dtype, name=name)


def zeros_like(x: Symbol, *, dtype: str | None = None, name: str = "zeros_like") -> Symbol:
    """Zeros in the shape of ``x``."""
    return full(x, x.shape, 0, dtype=dtype, name=name)


def ones_like(x: Symbol, *, dtype: str | None = None, name: str = "ones_like") -> Symbol:
    """Ones in the shape of ``x``."""
    return full(x, x.shape, 1, dtype=dtype, name=name)


def arange(
    x: Symbol, start: float, end: float, step: float = 1, *, dtype: str = "int64", name: str = "arange"
) -> Symbol:
    """Numbers from ``start`` on that do not reach ``end``, in the network of ``x``."""
    attrs = ArangeAttrs(start=start, end=end, step=step, dtype=dtype)
    return x.builder.call("arange", attrs, (), layer=x.builder.layer_name(name))[0]


def one_hot(x: Symbol, num_classes: int, *, name: str = "one_hot") -> Symbol:
    """For each class number a vector of zeros with a one in its place, as int64."""
    return call("one_hot", OneHotAttrs(num_classes=num_classes), x, name=name)
