"""PyTorch's calls: grid sample."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812


def grid_sample(attrs: Any, x: Any, grid: Any) -> Any:
    """PyTorch samples images and volumes; a series is an image of one row, whose coordinate is that row's."""
    if x.ndim == 3:
        row = torch.full_like(grid, 0 if attrs.padding_mode != "zeros" or not attrs.align_corners else -1)
        image = grid_sample(attrs, x[:, :, None], torch.cat([grid, row], -1)[:, None])
        return image[:, :, 0]
    mode = {"linear": "bilinear", "cubic": "bicubic"}.get(attrs.mode, attrs.mode)
    return F.grid_sample(x, grid, mode, attrs.padding_mode, attrs.align_corners)


CALLS = {"grid_sample": grid_sample}
