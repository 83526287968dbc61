"""PyTorch's calls: fourier."""

from __future__ import annotations

from typing import Any

import torch


def irfft(attrs: Any, x: Any) -> Any:
    sizes = [attrs.size if dim == attrs.dims[-1] else x.shape[dim] for dim in attrs.dims]
    return torch.fft.irfftn(x, sizes, attrs.dims, attrs.norm)


CALLS = {
    "fft": lambda attrs, x: (torch.fft.ifftn if attrs.inverse else torch.fft.fftn)(x, dim=attrs.dims, norm=attrs.norm),
    "rfft": lambda attrs, x: torch.fft.rfftn(x, dim=attrs.dims, norm=attrs.norm),
    "irfft": irfft,
}
