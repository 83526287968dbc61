"""What PyTorch computes for the same attributes and inputs: forwards and gradients by code we did not write.

``WITNESSES`` is what PyTorch is called for each operator. ``NARROWED`` has the cases that PyTorch has, where it does
not have all. ``UP_TO_SIGN`` has PyTorch's factors, whose signs may not be ours, and what does not change with them.
"""

from collections.abc import Callable
from typing import Any

import torch

from cases.sample.resize import pytorch_resize_cases
from netweight.engines.pytorch.calls import CALLS


def _weighted(columns: Any, rows: Any) -> Any:
    """Columns times rows, as many as both have, each pair with a weight of its own: signs of pairs cancel."""
    count = min(columns.shape[-1], rows.shape[-2])
    weights = torch.arange(1, count + 1, dtype=columns.dtype)
    return columns[..., :count] * weights @ rows[..., :count, :]


UP_TO_SIGN: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "qr": (CALLS["qr"], lambda q, r: (_weighted(q[..., : r.shape[-1]], r),)),
    "svd": (CALLS["svd"], lambda u, s, vh: (_weighted(u, vh), s)),
    "eigh": (CALLS["eigh"], lambda values, vectors: (_weighted(vectors, vectors.mT), values)),
}
NO_FUNCTION = {"identity"}
"""What PyTorch does by doing nothing."""
WITNESSES: dict[str, Callable[..., Any]] = {
    name: call for name, call in CALLS.items() if name not in UP_TO_SIGN and name not in NO_FUNCTION
}
NARROWED: dict[str, Any] = {"resize": pytorch_resize_cases()}
