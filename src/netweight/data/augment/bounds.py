"""Pixels kept where pixels are."""

from __future__ import annotations

from netweight.lazy import Array, np


def within(changed: Array, images: Array) -> Array:
    """Changed pictures cut off below 0 and above 1, or where each picture's own pixels ended if that is further out.

    Args:
        changed: (N, C, H, W).
        images: The pictures before, of the same shape.
    """
    low = np.minimum(images.min(axis=(1, 2, 3), keepdims=True), 0)
    high = np.maximum(images.max(axis=(1, 2, 3), keepdims=True), 1)
    cut: Array = np.clip(changed, low, high)
    return cut.astype(images.dtype, copy=False)
