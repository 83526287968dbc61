"""PyTorch's calls: indexing."""

from __future__ import annotations

import math
from typing import Any

import torch


def _key(attrs: Any, x: Any, indices: Any) -> Any:
    at = dict(zip(attrs.dims, indices, strict=True))
    return tuple(at.get(dim, slice(None)) for dim in range(x.ndim))


def index_put(attrs: Any, x: Any, values: Any, *indices: Any) -> Any:
    """With the dimensions that have positions in front, as torch.index_put wants them."""
    front = tuple(range(len(attrs.dims)))
    moved = x.movedim(attrs.dims, front)
    picked = x[_key(attrs, x, indices)]
    values = values.expand(picked.shape)
    if attrs.dims[-1] - attrs.dims[0] < len(attrs.dims):  # ours are side by side, and stay where they are
        values = values.movedim(attrs.dims[0], 0)  # all positions have one dimension here
    return torch.index_put(moved, indices, values, attrs.accumulate).movedim(front, attrs.dims)


def scatter(attrs: Any, x: Any, index: Any, src: Any) -> Any:
    return torch.scatter(x, attrs.dim, index, attrs.value if src is None else src)


def _gather_nd(attrs: Any, x: Any, index: Any) -> Any:
    batch = index.shape[: attrs.batch_dims]
    own = [torch.arange(size).reshape(-1, *(1,) * (index.ndim - 2 - dim)) for dim, size in enumerate(batch)]
    return x[(*own, *index.unbind(-1))]


def _by_rows(x: Any, index: Any, src: Any, reduce: Any) -> Any:
    """The dimensions that positions are along as one, and those of a slice as another."""
    picked = x.shape[: index.shape[-1]]
    rows = torch.zeros(index.shape[:-1], dtype=torch.int64)
    for size, at in zip(picked, index.unbind(-1), strict=True):
        rows = rows * size + at % size
    flat = x.reshape(math.prod(picked), -1)
    given = src.reshape(rows.numel(), -1)
    at = rows.reshape(-1, 1).expand_as(given)
    y = torch.scatter(flat, 0, at, given) if reduce is None else torch.scatter_reduce(flat, 0, at, given, reduce)
    return y.reshape(x.shape)


CALLS = {
    "index": lambda attrs, x, *indices: x[_key(attrs, x, indices)],
    "index_put": index_put,
    "scatter": scatter,
    "scatter_add": lambda attrs, x, index, src: torch.scatter_add(x, attrs.dim, index, src),
    "index_copy": lambda attrs, x, index, src: torch.index_copy(x, attrs.dim, index, src),
    "index_add": lambda attrs, x, index, src: torch.index_add(x, attrs.dim, index, src, alpha=attrs.alpha),
    "scatter_reduce": lambda attrs, x, index, src: torch.scatter_reduce(
        x, attrs.dim, index, src[tuple(map(slice, index.shape))], attrs.reduce, include_self=attrs.include_self
    ),
    "masked_scatter": lambda _attrs, x, mask, source: torch.masked_scatter(
        x.expand(torch.broadcast_shapes(x.shape, mask.shape)), mask, source
    ),
    "gather_nd": _gather_nd,
    "scatter_nd": lambda _attrs, x, index, src: _by_rows(x, index, src, None),
    "scatter_nd_add": lambda _attrs, x, index, src: _by_rows(x, index, src, "sum"),
    "scatter_nd_reduce": lambda attrs, x, index, src: _by_rows(x, index, src, attrs.reduce),
}
