"""Pictures with a square of zeros. Labels stay.

Source: DeVries & Taylor 2017, "Improved regularization of convolutional neural networks with cutout".
"""

from __future__ import annotations

from netweight.lazy import Array, np


def cutout(images: Array, rng: np.random.Generator, side: float = 8) -> Array:
    """Cover a square of that many pixels; its middle is anywhere, so that a part of it may be outside."""
    height, width = images.shape[2:]
    half, size = int(side) // 2, int(side)
    top = rng.integers(0, height, len(images)) - half
    left = rng.integers(0, width, len(images)) - half
    rows, columns = np.arange(height), np.arange(width)
    in_rows = (rows >= top[:, None]) & (rows < top[:, None] + size)
    in_columns = (columns >= left[:, None]) & (columns < left[:, None] + size)
    covered = in_rows[:, :, None] & in_columns[:, None, :]
    return np.where(covered[:, None], 0, images).astype(images.dtype)
