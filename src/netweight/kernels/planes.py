"""Arrays by channel: (N, C, *size) seen as (C, N, *size), so that what a channel has lies together.

Kernels return (N, C, *size) whose memory is by channel; what comes after keeps that order, as NumPy does where it can.
"""

from __future__ import annotations

import math

from netweight.lazy import Array, np

_CACHED_BYTES = 1 << 18
"""What a block of channels takes at most, so that a second look at it finds it in the cache."""


def by_channel(x: Array) -> Array:
    """(C, N, *size) of (N, C, *size): a view."""
    return x.swapaxes(0, 1)


def rows(x: Array) -> Array:
    """(C, N * size) of (N, C, *size): a view where its memory is by channel, else a copy."""
    return np.ascontiguousarray(by_channel(x)).reshape(x.shape[1], math.prod(x.shape[:1] + x.shape[2:]))


def empty(shape: tuple[int, ...], dtype: object) -> Array:
    """An array (N, C, *size) whose memory is by channel."""
    n, c, *size = shape
    return by_channel(np.empty((c, n, *size), dtype))  # type: ignore[call-overload]


def blocks(channels: int, row_bytes: int) -> list[slice]:
    """Channels in blocks that the cache holds."""
    step = max(1, _CACHED_BYTES // max(row_bytes, 1))
    return [slice(start, min(start + step, channels)) for start in range(0, channels, step)]
