from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

_DTYPES = {"float32": torch.float32, "float64": torch.float64, "int64": torch.int64, "bool": torch.bool}


def reached(y: Any) -> Any:
    """``y`` in float64; autograd wants a leaf, also behind what has no gradient."""
    return y.to(torch.float64) + torch.zeros((), dtype=torch.float64, requires_grad=True)


def slice_scatter(attrs: Any, x: Any, src: Any) -> Any:
    return torch.slice_scatter(x, src, attrs.dim, attrs.start, attrs.stop, attrs.step)


def arange(attrs: Any) -> Any:
    """Integers are cut off from the series of numbers, as NumPy's and ours are, not from start and step."""
    numbers = torch.arange(attrs.start, attrs.end, attrs.step, dtype=torch.float64)
    return reached(numbers.to(_DTYPES[attrs.dtype]))


WITNESSES = {
    "copy": lambda _attrs, x: x.clone(),
    "slice_scatter": slice_scatter,
    "repeat_interleave": lambda attrs, x: torch.repeat_interleave(x, attrs.repeats, attrs.dim),
    "pixel_shuffle": lambda attrs, x: F.pixel_shuffle(x, attrs.upscale_factor),
    "pixel_unshuffle": lambda attrs, x: F.pixel_unshuffle(x, attrs.downscale_factor),
    "channel_shuffle": lambda attrs, x: F.channel_shuffle(x, attrs.groups),
    "tril": lambda attrs, x: reached(torch.tril(x, attrs.diagonal)),
    "triu": lambda attrs, x: reached(torch.triu(x, attrs.diagonal)),
    "diagonal": lambda attrs, x: torch.diagonal(x, attrs.offset, attrs.dim1, attrs.dim2),
    "full": lambda attrs: reached(torch.full(attrs.shape, attrs.value, dtype=_DTYPES[attrs.dtype])),
    "arange": arange,
    "one_hot": lambda attrs, x: F.one_hot(x.long(), attrs.num_classes),
}
