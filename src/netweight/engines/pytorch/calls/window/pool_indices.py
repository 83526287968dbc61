"""PyTorch's calls: pool indices."""

from __future__ import annotations

import math
from typing import Any

import torch

from netweight.engines.pytorch.calls.window.pool import max_pool


def _starts(attrs: Any, like: Any, plane_size: int) -> Any:
    """Position of the first element of each plane."""
    planes = torch.arange(like.shape[0] * like.shape[1]).reshape(*like.shape[:2], *(1,) * (like.ndim - 2))
    return planes * (plane_size if attrs.across_planes else 0)


def max_pool_with_indices(attrs: Any, x: Any) -> Any:
    """All elements differ: where each result is in its plane is where it came from."""
    y = max_pool(attrs, x)
    same = y.detach().flatten(2)[..., None] == x.detach().flatten(2)[:, :, None]
    indices = same.int().argmax(-1).reshape(y.shape)
    return y, indices + _starts(attrs, x, math.prod(x.shape[2:]))


def max_unpool(attrs: Any, x: Any, indices: Any) -> Any:
    size = math.prod(attrs.output_size)
    own = (indices - _starts(attrs, x, size)).flatten(2)
    return torch.zeros(*x.shape[:2], size).to(x).scatter(2, own, x.flatten(2)).reshape(*x.shape[:2], *attrs.output_size)


CALLS = {"max_pool_with_indices": max_pool_with_indices, "max_unpool": max_unpool}
