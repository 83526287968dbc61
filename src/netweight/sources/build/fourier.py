"""Fourier transforms over one or several dimensions, counted from the end if negative."""

from __future__ import annotations

from netweight.ops.algebra.fourier import FftAttrs, FftNorm, RfftAttrs
from netweight.ops.algebra.fourier_real import IrfftAttrs
from netweight.sources.build.core import Symbol, call
from netweight.sources.build.params import from_front

Dims = int | tuple[int, ...]


def fft(x: Symbol, dim: Dims = -1, norm: FftNorm = "backward", *, name: str = "fft") -> Symbol:
    """Discrete Fourier transform, complex."""
    return call("fft", FftAttrs(dims=from_front(x, dim), norm=norm), x, name=name)


def ifft(x: Symbol, dim: Dims = -1, norm: FftNorm = "backward", *, name: str = "ifft") -> Symbol:
    """The transform back, complex."""
    return call("fft", FftAttrs(dims=from_front(x, dim), norm=norm, inverse=True), x, name=name)


def rfft(x: Symbol, dim: Dims = -1, norm: FftNorm = "backward", *, name: str = "rfft") -> Symbol:
    """Transform of real numbers: n // 2 + 1 of n along the last of the dimensions, which say all."""
    return call("rfft", RfftAttrs(dims=from_front(x, dim), norm=norm), x, name=name)


def irfft(
    x: Symbol, size: int | None = None, dim: Dims = -1, norm: FftNorm = "backward", *, name: str = "irfft"
) -> Symbol:
    """The transform back to real numbers: ``size`` of them along the last of the dimensions, even unless told."""
    dims = from_front(x, dim)
    size = 2 * (x.shape[dims[-1]] - 1) if size is None else size
    return call("irfft", IrfftAttrs(dims=dims, norm=norm, size=size), x, name=name)
