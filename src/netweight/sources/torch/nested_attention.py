"""Attention over nested tensors: each sample attends to itself, and no product is with a row of another."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor
from torch.nested._internal.nested_tensor import NestedTensor

from netweight.sources.torch.recorder import Recorder

_ROWS = 2
"""The dimension of rows in (samples, heads, rows, width)."""


def attention(rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Handler of ``F.scaled_dot_product_attention``: sample by sample where they are nested."""
    tensors = [*args, *(kwargs[name] for name in ("query", "key", "value")[len(args) :])][:3]
    if not isinstance(tensors[0], NestedTensor):
        return func(*args, **kwargs)
    starts = [_starts(rec, x) for x in tensors]
    if any(found is None for found in starts):
        return func(*args, **kwargs)
    settings = {name: value for name, value in kwargs.items() if name not in ("query", "key", "value")}
    parts = []
    for at in range(len(starts[0] or ()) - 1):
        own = [_sample(x, found or [], at) for x, found in zip(tensors, starts, strict=True)]
        parts.append(F.scaled_dot_product_attention(*own, *args[3:], **settings))
    query: Any = tensors[0]
    return torch.nested.nested_tensor_from_jagged(
        torch.cat(parts, 1), query._offsets, jagged_dim=_ROWS,
        min_seqlen=query._get_min_seqlen(), max_seqlen=query._get_max_seqlen(),
    )  # fmt: skip


def _starts(rec: Recorder, x: Any) -> list[int] | None:
    """Where the rows of each sample begin, and the last end; None if that is not known, or rows are no neighbours."""
    if not isinstance(x, NestedTensor) or x._ragged_idx != _ROWS or x._lengths is not None:
        return None
    with torch._C._DisableTorchDispatch():
        numbers = rec.numbers(x._offsets)
        return None if numbers is None else list(map(int, numbers.tolist()))


def _sample(x: Any, starts: list[int], at: int) -> Tensor:
    rows: Tensor = x._values[:, starts[at] : starts[at + 1]]
    return rows
