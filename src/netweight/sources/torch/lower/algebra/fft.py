"""Fourier transforms: PyTorch's public ones come down to three operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from netweight.ops.algebra.fourier import FftAttrs, FftNorm, RfftAttrs
from netweight.ops.algebra.fourier_real import IrfftAttrs
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.common import cast

if TYPE_CHECKING:
    from netweight.sources.torch.recorder import Recorder

# What PyTorch's numbers say is done in this direction: nothing, divide by the root of n, divide by n.
_THERE: tuple[FftNorm, ...] = ("backward", "ortho", "forward")
_BACK: tuple[FftNorm, ...] = ("forward", "ortho", "backward")


def _positive(x: Tensor, dims: Any) -> tuple[int, ...]:
    return tuple(dim % x.dim() for dim in dims)


@lowers("_fft_c2c")
def c2c(rec: Recorder, self: Tensor, dim: Any, normalization: int, forward: bool) -> Any:
    norm = (_THERE if forward else _BACK)[normalization]
    return rec.op("fft", FftAttrs(dims=_positive(self, dim), norm=norm, inverse=not forward), self)


@lowers("_fft_r2c")
def r2c(rec: Recorder, self: Tensor, dim: Any, normalization: int, onesided: bool) -> Any:
    if onesided:
        return rec.op("rfft", RfftAttrs(dims=_positive(self, dim), norm=_THERE[normalization]), self)
    wide = torch.complex128 if self.dtype == torch.float64 else torch.complex64
    return c2c(rec, cast(rec, self, wide), dim, normalization, True)


@lowers("_fft_c2r")
def c2r(rec: Recorder, self: Tensor, dim: Any, normalization: int, last_dim_size: int) -> Any:
    attrs = IrfftAttrs(dims=_positive(self, dim), norm=_BACK[normalization], size=last_dim_size)
    return rec.op("irfft", attrs, self)
