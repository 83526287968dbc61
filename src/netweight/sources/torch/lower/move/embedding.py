"""Table lookups."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.ops.move.embed import EmbeddingAttrs
from netweight.ops.move.embedding_bag import BagMode, EmbeddingBagAttrs
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.common import cast
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
    padding = None if padding_idx < 0 else padding_idx
    return rec.op("embedding", EmbeddingAttrs(padding_idx=padding), cast(rec, indices, torch.int64), weight)


@lowers("embedding_bag", "_embedding_bag", "_embedding_bag_forward_only")
def embedding_bag(
    rec: Recorder, weight: Tensor, indices: Tensor, offsets: Tensor, scale_grad_by_freq: bool = False, mode: int = 0,
    sparse: bool = False, per_sample_weights: Tensor | None = None, include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Any:  # fmt: skip
    """The bags, and empty tensors for what only the kernel's gradient reads."""
    padding = None if padding_idx is None or padding_idx < 0 else padding_idx
    attrs = EmbeddingBagAttrs(mode=_BAG_MODES[mode], padding_idx=padding, include_last_offset=include_last_offset)
    found, starts = (cast(rec, positions, torch.int64) for positions in (indices, offsets))
    y = rec.op("embedding_bag", attrs, found, weight, starts, per_sample_weights)
    return y, *(torch.empty(0, dtype=torch.int64, device="meta") for _ in range(3))
