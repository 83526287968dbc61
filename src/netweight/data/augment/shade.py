"""Pictures in another light: brighter, flatter, noisier. Labels stay, and so does the range of the pixels.

Source: Howard 2013, "Some improvements on deep convolutional neural network based image classification", section 3.
"""

from __future__ import annotations

from netweight.data.augment.bounds import within
from netweight.lazy import Array, np


def brightness(images: Array, rng: np.random.Generator, most: float = 0.2) -> Array:
    """Add to all pixels of a picture the same number, up to ``most`` either way."""
    return within(images + _one_each(rng.uniform(-most, most, len(images)), images), images)


def contrast(images: Array, rng: np.random.Generator, most: float = 0.2) -> Array:
    """Stretch each picture about its own mean by 1 - ``most`` to 1 + ``most``."""
    mean = images.mean(axis=(1, 2, 3), keepdims=True)
    stretched = mean + (images - mean) * _one_each(rng.uniform(1 - most, 1 + most, len(images)), images)
    return within(stretched, images)


def noise(images: Array, rng: np.random.Generator, deviation: float = 0.05) -> Array:
    """Add normal noise of that standard deviation to each pixel."""
    return within(images + rng.normal(0, deviation, images.shape).astype(images.dtype), images)


def _one_each(numbers: Array, images: Array) -> Array:
    return numbers.astype(images.dtype)[:, None, None, None]
