"""PyTorch's calls: complex."""

from __future__ import annotations

import torch

CALLS = {
    "complex": lambda _attrs, real, imag: torch.complex(*(p.contiguous() for p in torch.broadcast_tensors(real, imag))),
    "conj": lambda _attrs, x: torch.conj_physical(x),
    "view_as_real": lambda _attrs, x: torch.view_as_real(x),
    "view_as_complex": lambda _attrs, x: torch.view_as_complex(x),
}
