"""Complex numbers and their parts."""

from __future__ import annotations

from netweight.functions.recorder import Recorder, T


def complex(rec: Recorder, real: T, imag: T) -> T:  # noqa: A001  -- PyTorch's name
    """real + i imag."""
    return rec.op("complex", None, real, imag)


def conj(rec: Recorder, x: T) -> T:
    """The imaginary part with its sign turned."""
    return rec.op("conj", None, x)


def view_as_real(rec: Recorder, x: T) -> T:
    """Both parts of complex numbers, side by side in a new last dimension."""
    return rec.op("view_as_real", None, x)


def view_as_complex(rec: Recorder, x: T) -> T:
    """Pairs along the last dimension as complex numbers."""
    return rec.op("view_as_complex", None, x)
