"""Rows of samples of different lengths: packed, and filled up to one length."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.ops.move.layout import ReshapeAttrs
from netweight.ops.move.places import GatherAttrs
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.move.layout import cat
from netweight.sources.torch.recorder import Recorder

aten = torch.ops.aten


@lowers("_jagged_to_padded_dense_forward")
def padded(rec: Recorder, values: Tensor, offsets: Any, max_lengths: Any, padding_value: float = 0.0) -> Any:
    """Rows of each sample, and as many filled ones as the longest has more.

    _jagged_to_padded_dense_forward(Tensor values, Tensor[] offsets, SymInt[] max_lengths, float padding_value=0.0)
        -> Tensor
    """
    starts = rec.numbers(offsets[0]) if len(offsets) == 1 else None
    if starts is None:
        return NotImplemented
    samples, longest = len(starts) - 1, int(max_lengths[0])
    at = starts[:-1, None] + torch.arange(longest)
    places = torch.where(at < starts[1:, None], at, values.shape[0])
    filling = torch.full((1, *values.shape[1:]), padding_value, dtype=values.dtype)
    rows = rec.op("index_select", GatherAttrs(dim=0), cat(rec, [values, filling], 0), places.flatten())
    result = rec.native(aten.view, rows, (samples, longest, *values.shape[1:]))
    return rec.view(result, rows, ("reshape", _reshaped(result)))


@lowers("_padded_dense_to_jagged_forward")
def unpadded(rec: Recorder, dense: Tensor, offsets: Any, total_L: int | None = None) -> Any:  # noqa: N803
    """``_padded_dense_to_jagged_forward(Tensor dense, Tensor[] offsets, SymInt? total_L=None) -> Tensor``."""
    starts = rec.numbers(offsets[0]) if len(offsets) == 1 else None
    if starts is None:
        return NotImplemented
    longest = dense.shape[1]
    places = torch.arange(longest) + longest * torch.arange(dense.shape[0])[:, None]
    kept = places[torch.arange(longest) < starts.diff()[:, None]]
    flat = rec.native(aten.reshape, dense, (-1, *dense.shape[2:]))
    rows = rec.view(flat, dense, ("reshape", _reshaped(flat)))
    return rec.op("index_select", GatherAttrs(dim=0), rows, kept)


def _reshaped(result: Tensor) -> Any:
    return ReshapeAttrs(shape=tuple(result.shape))
