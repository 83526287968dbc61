"""Operators whose kernels leave results in a memory order of their own, not row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from torch import Tensor

from netweight.sources.torch.strides import channels_last

Order: TypeAlias = tuple[int, ...]
"""Dimensions from the outermost in memory to the innermost."""

Inputs: TypeAlias = Sequence[Tensor | None]

LIKE_FIRST = {"argsort", "diagonal_scatter", "flip", "index_put", "masked_scatter", "slice_scatter", "sort"}
"""Operators whose results lie as their first input does."""


def _pictures(_attrs: Any, tensors: Inputs, _rank: int, _output: int) -> Order | None:
    """Channels last where those of the input are."""
    assert tensors[0] is not None
    return channels_last(tensors[0])


def _pictures_or_weights(_attrs: Any, tensors: Inputs, _rank: int, _output: int) -> Order | None:
    """Channels last where those of the input or of the weight are."""
    found = (channels_last(tensor) for tensor in tensors[:2] if tensor is not None)
    return next((order for order in found if order is not None), None)


def _padded(attrs: Any, tensors: Inputs, rank: int, output: int) -> Order | None:
    """Circular padding copies piece by piece, row by row."""
    return None if attrs.mode == "circular" else _pictures(attrs, tensors, rank, output)


def _heads(_attrs: Any, _tensors: Inputs, rank: int, _output: int) -> Order | None:
    """The fused kernels write (N, L, H, E), so that joining the heads again is a view."""
    return (0, 2, 1, 3) if rank == 4 else None


def _columns(_attrs: Any, tensors: Inputs, rank: int, output: int) -> Order | None:
    """LAPACK leaves matrices column by column, but for right singular vectors, the third result."""
    assert tensors[0] is not None
    whole = rank == tensors[0].dim() and output < 2
    return (*range(rank - 2), rank - 1, rank - 2) if whole else None


ORDERS: dict[str, Callable[[Any, Inputs, int, int], Order | None]] = {
    "conv": _pictures_or_weights,
    "pad": _padded,
    "scaled_dot_product_attention": _heads,
    **dict.fromkeys(
        (
            "avg_pool", "channel_shuffle", "conv_transpose", "max_pool", "max_pool_with_indices", "pixel_shuffle",
            "pixel_unshuffle", "resize", "roll",
        ),
        _pictures,
    ),
    **dict.fromkeys(("cholesky", "eigh", "inverse", "qr", "solve", "solve_triangular", "svd"), _columns),
}  # fmt: skip
"""Attributes, inputs, the rank of a result and its place among the results to its order; None for row by row."""
