"""PyTorch's calls: sort."""

from __future__ import annotations

from typing import Any

import torch


def _both(result: Any) -> Any:
    return result.values, result.indices


CALLS = {
    "sort": lambda attrs, x: _both(torch.sort(x, dim=attrs.dim, descending=attrs.descending, stable=True)),
    "argsort": lambda attrs, x: torch.argsort(x, dim=attrs.dim, descending=attrs.descending, stable=True),
    "topk": lambda attrs, x: _both(torch.topk(x, attrs.k, attrs.dim, attrs.largest)),
    "max": lambda attrs, x: _both(torch.max(x, attrs.dim, attrs.keepdim)),
    "min": lambda attrs, x: _both(torch.min(x, attrs.dim, attrs.keepdim)),
}
