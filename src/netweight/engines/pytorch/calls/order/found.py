"""PyTorch's calls: found."""

from __future__ import annotations

from typing import Any

import torch


def _unique(attrs: Any, x: Any) -> Any:
    """PyTorch has no first positions: those of ours are checked by what stands there."""
    if attrs.sorted:
        values, inverse, counts = torch.unique(x, return_inverse=True, return_counts=True, dim=attrs.dim)
        return _asked(attrs, x, values, inverse, counts)
    flat = x.reshape(-1, 1) if attrs.dim is None else x.movedim(attrs.dim, 0).reshape(x.shape[attrs.dim], -1)
    same = (flat[:, None] == flat[None]).all(-1)
    first = [at for at, row in enumerate(same) if int(row.int().argmax()) == at]
    values = x.reshape(-1)[first] if attrs.dim is None else x.index_select(attrs.dim, torch.tensor(first))
    inverse = torch.tensor([first.index(int(row.int().argmax())) for row in same])
    return _asked(attrs, x, values, inverse.reshape(x.shape if attrs.dim is None else -1), same[first].sum(1))


def _runs(attrs: Any, x: Any) -> Any:
    return _asked(attrs, x, *torch.unique_consecutive(x, return_inverse=True, return_counts=True, dim=attrs.dim))


def _asked(attrs: Any, x: Any, values: Any, inverse: Any, counts: Any) -> Any:
    order = inverse.reshape(-1).tolist()
    first = torch.tensor([order.index(at) for at in range(len(counts))])
    beside = {"first": first, "inverse": inverse, "counts": counts}
    return values, *(beside[name] for name in attrs.also)


CALLS = {
    "nonzero": lambda _attrs, x: torch.nonzero(x),
    "unique": _unique,
    "unique_consecutive": _runs,
}
