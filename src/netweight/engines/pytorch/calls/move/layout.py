"""PyTorch's calls: layout."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812


def pad(attrs: Any, x: Any) -> Any:
    """One dimension at a time, as PyTorch's modes other than zeros want it last and two others before it."""
    mode = "constant" if attrs.mode == "zeros" else attrs.mode
    value = attrs.value if attrs.mode == "zeros" else None
    for dim, amounts in enumerate(attrs.padding):
        last = x.movedim(dim, -1)
        rows = F.pad(last.reshape(1, -1, x.shape[dim]), amounts, mode=mode, value=value)
        x = rows.reshape(*last.shape[:-1], rows.shape[-1]).movedim(-1, dim)
    return x


def slice_(attrs: Any, x: Any) -> Any:
    return x[(*(slice(None),) * attrs.dim, slice(attrs.start, attrs.stop, attrs.step))]


def embedding_bag(attrs: Any, indices: Any, weight: Any, offsets: Any, scale: Any) -> Any:
    return F.embedding_bag(
        indices,
        weight,
        offsets,
        mode=attrs.mode,
        per_sample_weights=scale,
        include_last_offset=attrs.include_last_offset,
        padding_idx=attrs.padding_idx,
    )


def reshape(attrs: Any, x: Any) -> Any:
    return x.reshape(attrs.shape)


CALLS = {
    "permute": lambda attrs, x: x.permute(attrs.order),
    "expand": lambda attrs, x: x.expand(attrs.shape),
    "slice": slice_,
    "split": lambda attrs, x: torch.split(x, attrs.sizes, attrs.dim),
    "concat": lambda attrs, *xs: torch.cat(xs, attrs.dim),
    "pad": pad,
    "roll": lambda attrs, x: torch.roll(x, attrs.shifts, attrs.dims),
    "flip": lambda attrs, x: torch.flip(x, attrs.dims),
    "repeat": lambda attrs, x: x.repeat(attrs.repeats),
    "gather": lambda attrs, x, index: torch.gather(x, attrs.dim, index),
    "index_select": lambda attrs, x, index: torch.index_select(x, attrs.dim, index),
    "embedding": lambda attrs, indices, weight: F.embedding(indices, weight, padding_idx=attrs.padding_idx),
    "diag_embed": lambda attrs, x: torch.diag_embed(x, attrs.offset, attrs.dim1, attrs.dim2),
    "diagonal_scatter": lambda attrs, x, src: torch.diagonal_scatter(x, src, attrs.offset, attrs.dim1, attrs.dim2),
    "strided_view": lambda attrs, x: torch.as_strided(x, attrs.size, attrs.stride, attrs.offset),
    "embedding_bag": embedding_bag,
    "reshape": reshape,
}
