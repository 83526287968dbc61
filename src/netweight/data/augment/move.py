"""Pictures moved: flipped, cropped, shifted, turned, sheared. What comes in from outside is 0; labels stay.

All take pictures (N, C, H, W) from 0 to 1 and draw for each picture on its own.

Source: Krizhevsky et al. 2012, section 4.1 (crops and flips); He et al. 2016, section 4.2 (crops of padded pictures);
Simard et al. 2003 (affine distortions).
"""

from __future__ import annotations

import math

from netweight.data.augment.bounds import within
from netweight.lazy import Array, np


def flip(images: Array, rng: np.random.Generator, p: float = 0.5) -> Array:
    """Mirror left and right, each picture with probability ``p``."""
    mirrored = rng.random(len(images)) < p
    out = images.copy()
    out[mirrored] = images[mirrored, :, :, ::-1]
    return out


def crop(images: Array, rng: np.random.Generator, padding: float = 4) -> Array:
    """A window of the picture's size out of the picture with ``padding`` zeros on all sides."""
    margin = int(padding)
    return _moved(images, rng.integers(-margin, margin + 1, (len(images), 2)))


def shift(images: Array, rng: np.random.Generator, most: float = 2) -> Array:
    """Move by up to ``most`` pixels up or down, and left or right."""
    return crop(images, rng, most)


def _moved(images: Array, offsets: Array) -> Array:
    """Each picture moved by whole pixels, down and right; what leaves it is lost."""
    out = np.zeros_like(images)
    height, width = images.shape[2:]
    for index, (down, right) in enumerate(np.clip(offsets, (-height, -width), (height, width)).tolist()):
        to_h, to_w = slice(max(down, 0), height + min(down, 0)), slice(max(right, 0), width + min(right, 0))
        at_h, at_w = slice(max(-down, 0), height - max(down, 0)), slice(max(-right, 0), width - max(right, 0))
        out[index, :, to_h, to_w] = images[index, :, at_h, at_w]
    return out


def rotate(images: Array, rng: np.random.Generator, degrees: float = 10) -> Array:
    """Turn about the middle by up to so many degrees, either way."""
    angles = np.deg2rad(rng.uniform(-degrees, degrees, len(images)))
    return warped(images, np.cos(angles), np.sin(angles), -np.sin(angles), np.cos(angles))


def affine(images: Array, rng: np.random.Generator, amount: float = 0.1) -> Array:
    """Turn by up to ``amount`` of a right angle, and stretch and shear by up to ``amount``, each on its own."""
    count = len(images)
    angles = rng.uniform(-amount, amount, count) * math.pi / 2
    tall, wide = 1 + rng.uniform(-amount, amount, (2, count))
    shear = rng.uniform(-amount, amount, count)
    cos, sin = np.cos(angles), np.sin(angles)
    return warped(images, cos * tall, (sin + shear * cos) * tall, -sin * wide, (cos - shear * sin) * wide)


def warped(images: Array, a: Array, b: Array, c: Array, d: Array) -> Array:
    """Each pixel from where a matrix sends it, about the middle: (y, x) to (a y + b x, c y + d x), bilinear.

    Args:
        images: (N, C, H, W).
        a: Of each picture, (N,); so are the others.
        b: What x adds to y.
        c: What y adds to x.
        d: What x gives.
    """
    height, width = images.shape[2:]
    y, x = np.arange(height) - (height - 1) / 2, np.arange(width) - (width - 1) / 2
    rows = a[:, None, None] * y[:, None] + b[:, None, None] * x + (height - 1) / 2
    columns = c[:, None, None] * y[:, None] + d[:, None, None] * x + (width - 1) / 2
    top, left = np.floor(rows).astype(np.int64), np.floor(columns).astype(np.int64)
    down, right = (rows - top).astype(images.dtype), (columns - left).astype(images.dtype)
    out = np.zeros_like(images)
    for step_y, weight_y in ((0, 1 - down), (1, down)):
        for step_x, weight_x in ((0, 1 - right), (1, right)):
            out += _picked(images, top + step_y, left + step_x) * (weight_y * weight_x)[:, None]
    return within(out, images)  # four weights may add up to 1 and a rounding


def _picked(images: Array, rows: Array, columns: Array) -> Array:
    """Pixels at some places, 0 outside."""
    height, width = images.shape[2:]
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    at = np.where(inside, rows * width + columns, 0).reshape(len(images), 1, -1)
    flat = images.reshape(*images.shape[:2], height * width)
    found = np.take_along_axis(flat, at, axis=2).reshape(images.shape)
    return found * inside[:, None]
