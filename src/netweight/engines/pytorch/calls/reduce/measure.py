"""PyTorch's calls: measure."""

from __future__ import annotations

from typing import Any

import torch

from netweight.engines.pytorch.calls.reduce.reduction import _all


def count_nonzero(attrs: Any, x: Any) -> Any:
    """torch.count_nonzero keeps no dimension."""
    y = torch.count_nonzero(x, _all(attrs, x)) if x.ndim else (x != 0).sum()
    kept = [1 if dim in _all(attrs, x) else size for dim, size in enumerate(x.shape)]
    return y.reshape(kept) if attrs.keepdim else y


def _question(name: str) -> Any:
    def witness(attrs: Any, x: Any) -> Any:
        return getattr(torch, name)(x, dim=_all(attrs, x), keepdim=attrs.keepdim) if x.ndim else x != 0

    return witness


CALLS = {
    "logsumexp": lambda attrs, x: torch.logsumexp(x, _all(attrs, x), attrs.keepdim),
    "cumprod": lambda attrs, x: torch.cumprod(x, attrs.dim),
    "any": _question("any"),
    "all": _question("all"),
    "count_nonzero": count_nonzero,
}
