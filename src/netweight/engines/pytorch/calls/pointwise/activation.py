"""PyTorch's calls: activation."""

from __future__ import annotations

import torch.nn.functional as F  # noqa: N812

CALLS = {
    "elu": lambda attrs, x: F.elu(x, attrs.alpha),
    "prelu": lambda _attrs, x, weight: F.prelu(x, weight),
}
