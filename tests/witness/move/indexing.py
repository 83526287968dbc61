from typing import Any

import torch


def _key(attrs: Any, x: Any, indices: Any) -> Any:
    at = dict(zip(attrs.dims, indices, strict=True))
    return tuple(at.get(dim, slice(None)) for dim in range(x.ndim))


def index_put(attrs: Any, x: Any, values: Any, *indices: Any) -> Any:
    """With the dimensions that have positions in front, as torch.index_put wants them."""
    front = tuple(range(len(attrs.dims)))
    moved = x.movedim(attrs.dims, front)
    picked = x[_key(attrs, x, indices)]
    values = values.expand(picked.shape)
    if attrs.dims[-1] - attrs.dims[0] < len(attrs.dims):  # ours are side by side, and stay where they are
        values = values.movedim(attrs.dims[0], 0)  # all positions have one dimension here
    return torch.index_put(moved, indices, values, attrs.accumulate).movedim(front, attrs.dims)


def scatter(attrs: Any, x: Any, index: Any, src: Any) -> Any:
    return torch.scatter(x, attrs.dim, index, attrs.value if src is None else src)


WITNESSES = {
    "index": lambda attrs, x, *indices: x[_key(attrs, x, indices)],
    "index_put": index_put,
    "scatter": scatter,
    "scatter_add": lambda attrs, x, index, src: torch.scatter_add(x, attrs.dim, index, src),
    "index_copy": lambda attrs, x, index, src: torch.index_copy(x, attrs.dim, index, src),
    "index_add": lambda attrs, x, index, src: torch.index_add(x, attrs.dim, index, src, alpha=attrs.alpha),
    "masked_fill": lambda attrs, x, mask: x.masked_fill(mask.bool(), attrs.value),
}
