"""Random numbers."""

from __future__ import annotations

from netweight.functions.recorder import Recorder, T
from netweight.ops.random.draw import Distribution, RandomAttrs


def rand_like(rec: Recorder, x: T, *, dtype: str | None = None) -> T:
    """Uniform numbers between 0 and 1 in the shape and type of ``x``."""
    return _drawn_like(rec, x, "uniform", 0, 1, dtype=dtype)


def randn_like(rec: Recorder, x: T, *, dtype: str | None = None) -> T:
    """Normal numbers in the shape and type of ``x``."""
    return _drawn_like(rec, x, "normal", 0, 1, dtype=dtype)


def _drawn_like(
    rec: Recorder, x: T, distribution: Distribution, first: float, second: float = 0.0, *, dtype: str | None = None
) -> T:
    """Random numbers in the shape of ``x``, in its type unless told another; see ``RandomAttrs``."""
    spec = rec.spec(x)
    wanted = RandomAttrs(
        shape=spec.shape, distribution=distribution, first=float(first), second=float(second), dtype=dtype or spec.dtype
    )
    return rec.op("random", wanted)
