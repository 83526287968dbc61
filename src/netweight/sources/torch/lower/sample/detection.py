"""Operators of torchvision."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.functions import order
from netweight.functions import sample as functions
from netweight.functions.contract.deform_conv import deform_conv
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.recorder import Recorder


@lowers("torchvision.nms")
def nms(rec: Recorder, dets: Tensor, scores: Tensor, iou_threshold: float) -> Any:
    """``torchvision::nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor``."""
    rec.guess("nms: all boxes are taken to be kept")
    return order.nms(rec, dets, scores, iou_threshold)


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


@lowers("torchvision.deform_conv2d")
def deform_conv2d(
    rec: Recorder, input: Tensor, weight: Tensor, offset: Tensor, mask: Tensor, bias: Tensor,
    stride_h: int, stride_w: int, pad_h: int, pad_w: int, dilation_h: int, dilation_w: int, groups: int,
    offset_groups: int, use_mask: bool,
) -> Any:  # fmt: skip
    """Where a call has no bias, torchvision makes one of zeros."""
    given = rec.is_symbolic(bias) or bool(bias.any())
    return deform_conv(
        rec, input, offset, weight, bias if given else None, (stride_h, stride_w), (pad_h, pad_w),
        (dilation_h, dilation_w), groups, mask if use_mask else None,
    )  # fmt: skip
