"""PyTorch's calls: copies."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

_DTYPES = {"float32": torch.float32, "float64": torch.float64, "int64": torch.int64, "bool": torch.bool}


def slice_scatter(attrs: Any, x: Any, src: Any) -> Any:
    return torch.slice_scatter(x, src, attrs.dim, attrs.start, attrs.stop, attrs.step)


def arange(attrs: Any) -> Any:
    """Integers are cut off from the series of numbers, as NumPy's and ours are, not from start and step."""
    numbers = torch.arange(attrs.start, attrs.end, attrs.step, dtype=torch.float64)
    return numbers.to(_DTYPES[attrs.dtype])


def pixel_shuffle(attrs: Any, x: Any) -> Any:
    """PyTorch numbers channels (c, i, j): those numbered (i, j, c) are reordered first."""
    if attrs.blocks_first:
        blocks = attrs.upscale_factor**2
        x = x.unflatten(-3, (blocks, -1)).transpose(-4, -3).flatten(-4, -3)
    return F.pixel_shuffle(x, attrs.upscale_factor)


def pixel_unshuffle(attrs: Any, x: Any) -> Any:
    y = F.pixel_unshuffle(x, attrs.downscale_factor)
    if not attrs.blocks_first:
        return y
    blocks = attrs.downscale_factor**2
    return y.unflatten(-3, (-1, blocks)).transpose(-4, -3).flatten(-4, -3)


def one_hot(attrs: Any, x: Any) -> Any:
    """PyTorch refuses what is out of range: it has a class of its own, which is cut off."""
    x = x.long()
    if not attrs.lenient:
        return F.one_hot(x, attrs.num_classes)
    x = torch.where(x < 0, x + attrs.num_classes, x)
    beyond = (x < 0) | (x >= attrs.num_classes)
    return F.one_hot(x.masked_fill(beyond, attrs.num_classes), attrs.num_classes + 1)[..., :-1]


CALLS = {
    "copy": lambda _attrs, x: x.clone(),
    "detach": lambda _attrs, x: torch.detach(x),
    "slice_scatter": slice_scatter,
    "repeat_interleave": lambda attrs, x: torch.repeat_interleave(x, attrs.repeats, attrs.dim),
    "pixel_shuffle": pixel_shuffle,
    "pixel_unshuffle": pixel_unshuffle,
    "channel_shuffle": lambda attrs, x: F.channel_shuffle(x, attrs.groups),
    "tril": lambda attrs, x: torch.tril(x, attrs.diagonal),
    "triu": lambda attrs, x: torch.triu(x, attrs.diagonal),
    "diagonal": lambda attrs, x: torch.diagonal(x, attrs.offset, attrs.dim1, attrs.dim2),
    "full": lambda attrs: torch.full(attrs.shape, attrs.value, dtype=_DTYPES[attrs.dtype]),
    "arange": arange,
    "one_hot": one_hot,
}
