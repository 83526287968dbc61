"""Pictures as a network takes them: its size, its number of channels, centred by the training part.

A picture that is smaller is enlarged by whole pixels as often as it fits, and framed with its own border value of 0; a
larger one is averaged down over whole blocks where its size is a multiple, else resized by Pillow's bilinear filter.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.errors import ShapeError
from netweight.lazy import Array, np


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalisation:
    """Mean and standard deviation of each channel, of the training part alone."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __call__(self, images: Array) -> Array:
        """(images - mean) / std, (N, C, H, W), float32."""
        mean, std = (np.asarray(one, np.float32).reshape(1, -1, 1, 1) for one in (self.mean, self.std))
        return (images - mean) / std


def normalisation(images: Array) -> Normalisation:
    """That of some pictures; a channel that is the same everywhere is centred and left in its scale."""
    mean = images.mean(axis=(0, 2, 3), dtype=np.float64)
    std = images.std(axis=(0, 2, 3), dtype=np.float64)
    return Normalisation(mean=tuple(map(float, mean)), std=tuple(float(one) or 1.0 for one in std))


def fitted(images: Array, channels: int, size: tuple[int, int]) -> Array:
    """Pictures (N, C, H, W) in another size and number of channels.

    Args:
        images: float32.
        channels: 1 of a picture in colour is its luma (ITU-R 601); 3 of a grey one are three times the same.
        size: Height and width.

    Raises:
        ShapeError: If there is no way from one number of channels to the other.
    """
    images = _with_channels(images, channels)
    height, width = images.shape[2:]
    if (height, width) == size:
        return images
    if height <= size[0] and width <= size[1]:
        return _framed(_repeated(images, min(size[0] // height, size[1] // width)), size)
    if height % size[0] == 0 and width % size[1] == 0:
        blocks = images.reshape(*images.shape[:2], size[0], height // size[0], size[1], width // size[1])
        return blocks.mean(axis=(3, 5), dtype=np.float32)
    return _resized(images, size)


def _with_channels(images: Array, channels: int) -> Array:
    found = images.shape[1]
    if found == channels:
        return images
    if found == 1:
        return np.repeat(images, channels, axis=1)
    if found == 3 and channels == 1:
        luma: Array = np.array([0.299, 0.587, 0.114], np.float32)
        return np.einsum("nchw,c->nhw", images, luma)[:, None]
    raise ShapeError(f"data: expected pictures of {channels} channels, got {found}")


def _repeated(images: Array, times: int) -> Array:
    return images.repeat(times, axis=2).repeat(times, axis=3) if times > 1 else images


def _framed(images: Array, size: tuple[int, int]) -> Array:
    """In the middle of zeros."""
    framed = np.zeros((*images.shape[:2], *size), images.dtype)
    top, left = ((size[i] - images.shape[2 + i]) // 2 for i in (0, 1))
    framed[:, :, top : top + images.shape[2], left : left + images.shape[3]] = images
    return framed


def _resized(images: Array, size: tuple[int, int]) -> Array:
    from netweight.data.pictures import pillow

    image = pillow().Image
    flat = images.reshape(-1, *images.shape[2:])
    found = [np.asarray(image.fromarray(one).resize(size[::-1], image.Resampling.BILINEAR)) for one in flat]
    return np.stack(found).reshape(*images.shape[:2], *size)
