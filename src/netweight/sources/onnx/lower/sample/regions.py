"""Regions of feature maps brought to one size."""

from __future__ import annotations

from typing import Any

from netweight.functions import sample
from netweight.ops.move.slicing import ConcatAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.lower.common import cast_to, reshaped
from netweight.sources.onnx.tensor import Tensor


@lowers("RoiAlign")
def roi_align(call: Call, x: Tensor, rois: Tensor, batch_indices: Tensor) -> Any:
    """Until opset 15 pixels are points at whole numbers; regions say the sample in front, as PyTorch has it."""
    shifted = call.attr("coordinate_transformation_mode", "half_pixel" if call.opset >= 16 else "")
    ratio = max(call.attr("sampling_ratio", 0), 0)
    if not ratio and not call.computing:
        call.note("RoiAlign: every region is taken to be the whole picture", guess=True)
    size = (call.attr("output_height", 1), call.attr("output_width", 1))
    settings = (call.attr("spatial_scale", 1.0), ratio, shifted == "half_pixel", call.attr("mode", "avg"))
    return sample.roi_align(call, x, _with_samples(call, rois, batch_indices), size, *settings)


def _with_samples(call: Call, rois: Tensor, batch_indices: Tensor) -> Tensor:
    samples = reshaped(call, cast_to(call, batch_indices, rois.dtype), (rois.shape[0], 1))
    joined: Tensor = call.op("concat", ConcatAttrs(dim=1), samples, rois)
    return joined


@lowers("MaxRoiPool")
def max_roi_pool(call: Call, x: Tensor, rois: Tensor) -> Any:
    if not call.computing:
        call.note("MaxRoiPool: every region is taken to be the whole picture", guess=True)
    return sample.roi_pool(call, x, rois, call.need("pooled_shape"), call.attr("spatial_scale", 1.0))
