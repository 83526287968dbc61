"""Pictures mixed with others of the batch, and their targets in the same ratio: distributions over the classes.

Targets are (N, C), each row adding up to 1.

Source: Zhang et al. 2018, "mixup", section 2; Yun et al. 2019, "CutMix", section 3.1.
"""

from __future__ import annotations

from netweight.lazy import Array, np


def mixup(images: Array, targets: Array, rng: np.random.Generator, alpha: float = 0.2) -> tuple[Array, Array]:
    """share * picture + (1 - share) * another, one share of Beta(alpha, alpha) for the batch; targets likewise."""
    share, other = rng.beta(alpha, alpha), rng.permutation(len(images))
    return _blend(images, images[other], share), _blend(targets, targets[other], share)


def cutmix(images: Array, targets: Array, rng: np.random.Generator, alpha: float = 1.0) -> tuple[Array, Array]:
    """A rectangle of another picture in each; targets in the ratio of the pixels.

    Its sides are sqrt(1 - share) of the picture's, the share drawn from Beta(alpha, alpha); what lies outside of the
    picture is cut off, and the targets follow the pixels that were really taken.
    """
    height, width = images.shape[2:]
    side = np.sqrt(1 - rng.beta(alpha, alpha))
    other = rng.permutation(len(images))
    top, bottom = _span(height, side, rng)
    left, right = _span(width, side, rng)
    out = images.copy()
    out[:, :, top:bottom, left:right] = images[other, :, top:bottom, left:right]
    share = 1 - (bottom - top) * (right - left) / (height * width)
    return out, _blend(targets, targets[other], share)


def _span(size: int, side: float, rng: np.random.Generator) -> tuple[int, int]:
    middle, half = int(rng.integers(0, size)), int(size * side) // 2
    return max(middle - half, 0), min(middle + half, size)


def _blend(a: Array, b: Array, share: float) -> Array:
    return (share * a + (1 - share) * b).astype(a.dtype)
