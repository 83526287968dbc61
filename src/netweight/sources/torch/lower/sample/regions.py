"""Regions of feature maps brought to one size, as in torchvision."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.functions import sample as functions
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.recorder import Recorder


@lowers("torchvision.roi_align")
def roi_align(
    rec: Recorder, input: Tensor, rois: Tensor, spatial_scale: float, pooled_height: int, pooled_width: int,
    sampling_ratio: int, aligned: bool,
) -> Any:  # fmt: skip
    """torchvision's ``roi_align``: averages of samples in each box."""
    if sampling_ratio <= 0:
        rec.guess("roi_align: every region is taken to be the whole picture")
    size = (pooled_height, pooled_width)
    return functions.roi_align(rec, input, rois, size, spatial_scale, sampling_ratio, aligned)


@lowers("torchvision.roi_pool")
def roi_pool(
    rec: Recorder, input: Tensor, rois: Tensor, spatial_scale: float, pooled_height: int, pooled_width: int
) -> Any:
    """The pooled regions, and nothing in the place of positions, which only a gradient reads."""
    rec.guess("roi_pool: every region is taken to be the whole picture")
    y = functions.roi_pool(rec, input, rois, (pooled_height, pooled_width), spatial_scale)
    return y, torch.empty(y.shape, dtype=torch.int32, device="meta")
