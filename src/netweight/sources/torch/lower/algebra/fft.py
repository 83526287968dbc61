"""Fourier transforms: PyTorch's public ones come down to three operators."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.functions import algebra as functions
from netweight.ops.algebra.fourier import FftNorm
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.common import cast
from netweight.sources.torch.recorder import Recorder

# What PyTorch's numbers say is done in this direction: nothing, divide by the root of n, divide by n.
_THERE: tuple[FftNorm, ...] = ("backward", "ortho", "forward")
_BACK: tuple[FftNorm, ...] = ("forward", "ortho", "backward")


@lowers("_fft_c2c")
def c2c(rec: Recorder, self: Tensor, dim: Any, normalization: int, forward: bool) -> Any:
    """``_fft_c2c(Tensor self, SymInt[] dim, int normalization, bool forward) -> Tensor``."""
    norm = (_THERE if forward else _BACK)[normalization]
    return (functions.fft if forward else functions.ifft)(rec, self, tuple(dim), norm)


@lowers("_fft_r2c")
def r2c(rec: Recorder, self: Tensor, dim: Any, normalization: int, onesided: bool) -> Any:
    """``_fft_r2c(Tensor self, int[] dim, int normalization, bool onesided) -> Tensor``."""
    if onesided:
        return functions.rfft(rec, self, tuple(dim), _THERE[normalization])
    wide = torch.complex128 if self.dtype == torch.float64 else torch.complex64
    return c2c(rec, cast(rec, self, wide), dim, normalization, True)


@lowers("_fft_c2r")
def c2r(rec: Recorder, self: Tensor, dim: Any, normalization: int, last_dim_size: int) -> Any:
    """``_fft_c2r(Tensor self, int[] dim, int normalization, SymInt last_dim_size) -> Tensor``."""
    return functions.irfft(rec, self, last_dim_size, tuple(dim), _BACK[normalization])
