"""PyTorch's calls: blend."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812

CALLS = {
    "log_sigmoid": lambda _attrs, x: F.logsigmoid(x),
    "tanhshrink": lambda _attrs, x: F.tanhshrink(x),
    "softsign": lambda _attrs, x: F.softsign(x),
    "hardsigmoid": lambda attrs, x: torch.clamp(attrs.alpha * x + attrs.beta, 0, 1),
    "glu": lambda attrs, x: F.glu(x, attrs.dim),
    "lerp": lambda attrs, x, end, weight: torch.lerp(x, end, attrs.weight if weight is None else weight),
    "addcmul": lambda attrs, x, tensor1, tensor2: torch.addcmul(x, tensor1, tensor2, value=attrs.value),
    "addcdiv": lambda attrs, x, tensor1, tensor2: torch.addcdiv(x, tensor1, tensor2, value=attrs.value),
    "masked_fill": lambda attrs, x, mask: x.masked_fill(mask.bool(), attrs.value),
}
