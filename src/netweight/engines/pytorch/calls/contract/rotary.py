"""PyTorch's calls: rotary."""

from __future__ import annotations

from typing import Any

import torch


def rotary_embedding(attrs: Any, x: Any, cos: Any, sin: Any) -> Any:
    """Pairs as complex numbers, times the number that each angle is."""
    width = 2 * cos.shape[-1]
    turned, rest = x[..., :width], x[..., width:]
    pairs = turned.unflatten(-1, (-1, 2)) if attrs.interleaved else turned.unflatten(-1, (2, -1)).transpose(-1, -2)
    numbers = torch.view_as_complex(pairs.contiguous()) * torch.complex(cos, sin)[:, None]
    back = torch.view_as_real(numbers)
    whole = back if attrs.interleaved else back.transpose(-1, -2)
    return torch.cat([whole.flatten(-2), rest], dim=-1)


CALLS = {"rotary_embedding": rotary_embedding}
