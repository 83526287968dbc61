"""PyTorch's calls: dropout, and what it is when nobody trains."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch


def dropout(attrs: Any, x: Any) -> Any:
    """The mask NumPy draws for the same seed, applied by PyTorch."""
    mask = torch.from_numpy(np.random.default_rng(0).random(tuple(x.shape)) >= attrs.p)
    return torch.where(mask, x / (1 - attrs.p), 0.0)


CALLS = {
    "dropout": dropout,
    "identity": lambda _attrs, x: x,
}
