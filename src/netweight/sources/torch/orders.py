"""Operators whose kernels leave results in a memory order of their own, not row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from torch import Tensor

from netweight.sources.torch.strides import channels_last, memory_order

Order: TypeAlias = tuple[int, ...]
"""Dimensions from the outermost in memory to the innermost."""


def _images(tensors: Sequence[Tensor | None], _rank: int, _output: int) -> Order | None:
    """Channels last where those of the input or of the weight are."""
    found = (channels_last(tensor) for tensor in tensors[:2] if tensor is not None)
    return next((order for order in found if order is not None), None)


def _maps(tensors: Sequence[Tensor | None], _rank: int, _output: int) -> Order | None:
    """Channels last where those of the input are."""
    assert tensors[0] is not None
    return channels_last(tensors[0])


def _heads(_tensors: Sequence[Tensor | None], rank: int, _output: int) -> Order | None:
    """The fused kernels write (N, L, H, E), so that joining the heads again is a view."""
    return (0, 2, 1, 3) if rank == 4 else None


def _columns(tensors: Sequence[Tensor | None], rank: int, output: int) -> Order | None:
    """LAPACK leaves matrices column by column, but for right singular vectors, the third result."""
    assert tensors[0] is not None
    whole = rank == tensors[0].dim() and output < 2
    return (*range(rank - 2), rank - 1, rank - 2) if whole else None


def _input(tensors: Sequence[Tensor | None], _rank: int, _output: int) -> Order | None:
    """As the input lies."""
    assert tensors[0] is not None
    return None if tensors[0].is_contiguous() else memory_order(tensors[0])


ORDERS: dict[str, Callable[[Sequence[Tensor | None], int, int], Order | None]] = {
    "conv": _images,
    "conv_transpose": _maps,
    "scaled_dot_product_attention": _heads,
    "sort": _input,
    "argsort": _input,
    **dict.fromkeys(("cholesky", "inverse", "solve", "solve_triangular", "qr", "eigh", "svd"), _columns),
}
"""The inputs, the rank of a result and its place among the results to its order; None for row by row."""
