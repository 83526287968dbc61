"""PyTorch's calls: order statistics."""

from __future__ import annotations

from typing import Any

import torch


def _mode(attrs: Any, x: Any) -> Any:
    """Values alone are PyTorch's: which of equal elements it picks is not said."""
    values, indices = torch.mode(x, attrs.dim, attrs.keepdim)
    at = indices if attrs.keepdim else indices.unsqueeze(attrs.dim)
    same = x.flip(attrs.dim) == (values if attrs.keepdim else values.unsqueeze(attrs.dim))
    last = x.shape[attrs.dim] - 1 - same.to(torch.uint8).argmax(attrs.dim, keepdim=True)
    assert torch.equal(x.gather(attrs.dim, at), x.gather(attrs.dim, last))
    return x.gather(attrs.dim, last).reshape(values.shape), last.reshape(values.shape)


def _searchsorted(attrs: Any, sequence: Any, x: Any) -> Any:
    return torch.searchsorted(sequence, x, right=attrs.right, out_int32=attrs.dtype == "int32")


CALLS = {
    "kthvalue": lambda attrs, x: tuple(torch.kthvalue(x, attrs.k, attrs.dim, attrs.keepdim)),
    "mode": _mode,
    "searchsorted": _searchsorted,
}
