"""Diagonals and views by strides."""

from __future__ import annotations

from netweight.ops.move.diagonals import StridedViewAttrs
from netweight.ops.move.triangle import DiagonalAttrs
from netweight.sources.build.core import Symbol, call


def diag_embed(x: Symbol, offset: int = 0, dim1: int = -2, dim2: int = -1, *, name: str = "diag_embed") -> Symbol:
    """Matrices with the rows of ``x`` on a diagonal."""
    rank = len(x.shape) + 1
    return call("diag_embed", DiagonalAttrs(offset=offset, dim1=dim1 % rank, dim2=dim2 % rank), x, name=name)


def diagonal_scatter(
    x: Symbol, src: Symbol, offset: int = 0, dim1: int = 0, dim2: int = 1, *, name: str = "diagonal_scatter"
) -> Symbol:
    """``x`` with ``src`` on a diagonal."""
    rank = len(x.shape)
    attrs = DiagonalAttrs(offset=offset, dim1=dim1 % rank, dim2=dim2 % rank)
    return call("diagonal_scatter", attrs, x, src, name=name)


def as_strided(
    x: Symbol, size: tuple[int, ...], stride: tuple[int, ...], storage_offset: int = 0, *, name: str = "as_strided"
) -> Symbol:
    """A view by strides, counted in the elements of ``x`` in order."""
    return call("strided_view", StridedViewAttrs(size=size, stride=stride, offset=storage_offset), x, name=name)
