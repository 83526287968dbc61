"""PyTorch's calls: resize."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F  # noqa: N812

_LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


def resize(attrs: Any, x: Any) -> Any:
    if attrs.mode == "cubic":
        return _cubic(attrs, x)
    exact = "-exact" if attrs.coordinates == "half_pixel" else ""
    mode = _LINEAR[x.ndim - 2] if attrs.mode == "linear" else f"nearest{exact}"
    return _interpolate(x, attrs, attrs.size, attrs.scale, mode)


def _cubic(attrs: Any, x: Any) -> Any:
    """PyTorch's bicubic is for pictures: one dimension at a time as the rows of one."""
    for dim in range(2, x.ndim):
        rows = x.movedim(dim, -1)
        picture = rows.reshape(1, 1, -1, rows.shape[-1])
        factors = None if attrs.scale is None else (1.0, attrs.scale[dim - 2])
        resized = _interpolate(picture, attrs, (picture.shape[2], attrs.size[dim - 2]), factors, "bicubic")
        x = resized.reshape(*rows.shape[:-1], -1).movedim(-1, dim)
    return x


def _interpolate(x: Any, attrs: Any, size: Any, factors: Any, mode: str) -> Any:
    corners = None if "nearest" in mode else attrs.coordinates == "align_corners"
    if factors is None:
        return F.interpolate(x, size=size, mode=mode, align_corners=corners)
    return F.interpolate(x, scale_factor=factors, mode=mode, align_corners=corners)


CALLS = {"resize": resize}
