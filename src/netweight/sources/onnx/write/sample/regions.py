"""Regions of feature maps."""

from __future__ import annotations

from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.step import Step


@writes("roi_align", "roi_align_max")
def roi_align(step: Step) -> None:
    """RoiAlign, which has the samples beside the corners."""
    attrs = step.attrs
    regions = step.spec(1).shape[0]
    rois = step.typed(1, step.x.dtype)
    sample = step.reshaped(step.sliced(rois, 1, 0, 1), (regions,))
    step.result(
        "RoiAlign",
        step.names[0],
        step.sliced(rois, 1, 1, 5),
        step.cast(sample, step.x.dtype, "int64"),
        coordinate_transformation_mode="half_pixel" if attrs.aligned else "output_half_pixel",
        mode="max" if step.node.op == "roi_align_max" else "avg",
        output_height=attrs.output_size[0],
        output_width=attrs.output_size[1],
        sampling_ratio=max(attrs.sampling_ratio, 0),
        spatial_scale=attrs.spatial_scale,
    )


@writes("roi_pool")
def roi_pool(step: Step) -> None:
    """MaxRoiPool."""
    attrs = step.attrs
    step.result(
        "MaxRoiPool",
        step.names[0],
        step.typed(1, step.x.dtype),
        pooled_shape=attrs.output_size,
        spatial_scale=attrs.spatial_scale,
    )
