"""Table lookups."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.functions.move import embed
from netweight.functions.move import embedding_bag as bags
from netweight.ops.move.embedding_bag import BagMode
from netweight.sources.torch.known_numbers import MADE_UP
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.common import cast, converting
from netweight.sources.torch.recorder import Recorder

_BAG_MODES: tuple[BagMode, ...] = ("sum", "mean", "max")


@lowers("embedding")
def embedding(
    rec: Recorder, weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any:  # fmt: skip
    """PyTorch's ``embedding``.

    embedding(Tensor weight, Tensor indices, SymInt padding_idx=-1, bool scale_grad_by_freq=False, bool
        sparse=False) -> Tensor
    """
    _check_rows(rec, weight, indices)
    padding = None if padding_idx < 0 else padding_idx
    start = len(rec.recording.nodes)
    return converting(rec, start, embed.embedding(rec, cast(rec, indices, torch.int64), weight, padding))


def _check_rows(rec: Recorder, weight: Tensor, indices: Tensor) -> None:
    """Refuse rows that the table does not have, as PyTorch does, where the numbers are known and not made up.

    Raises:
        IndexError: If there is such a row.
    """
    if indices.is_meta or not indices.numel() or rec.recording.is_given(indices) == MADE_UP:
        return
    numbers = rec.numbers(indices)
    if numbers is not None and not (int(numbers.min()) >= 0 and int(numbers.max()) < weight.shape[0]):
        raise IndexError("index out of range in self")


@lowers("embedding_bag", "_embedding_bag", "_embedding_bag_forward_only")
def embedding_bag(
    rec: Recorder, weight: Tensor, indices: Tensor, offsets: Tensor, scale_grad_by_freq: bool = False, mode: int = 0,
    sparse: bool = False, per_sample_weights: Tensor | None = None, include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Any:  # fmt: skip
    """The bags, and empty tensors for what only the kernel's gradient reads."""
    padding = None if padding_idx is None or padding_idx < 0 else padding_idx
    start = len(rec.recording.nodes)
    found, starts = (cast(rec, positions, torch.int64) for positions in (indices, offsets))
    settings = _BAG_MODES[mode], per_sample_weights, include_last_offset, padding
    y = converting(rec, start, bags.embedding_bag(rec, found, weight, starts, *settings))
    return y, *(torch.empty(0, dtype=torch.int64, device="meta") for _ in range(3))
