"""Resizing, and sampling at positions that a tensor names."""

from __future__ import annotations

import math

from netweight.lazy import np
from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.step import Step


@writes("resize")
def resize(step: Step) -> None:
    """Resize: by scale where the sizes follow from it in the single precision that ONNX has, else by size.

    Raises:
        UnsupportedOpError: If the scale is neither that nor the ratio of the sizes.
    """
    attrs, sizes = step.attrs, step.x.shape
    if not sizes:
        step.as_result(step.names[0])
        return
    rest = len(sizes) - len(attrs.size)
    region = ""
    if attrs.region is not None:
        ends = ((0.0, 1.0),) * rest + attrs.region
        region = step.scales([start for start, _ in ends] + [end for _, end in ends])
    settings = {
        "mode": attrs.mode,
        "coordinate_transformation_mode": attrs.coordinates,
        "nearest_mode": attrs.rounding if attrs.mode == "nearest" else None,
        "cubic_coeff_a": attrs.cubic_a if attrs.mode == "cubic" else None,
        "exclude_outside": int(attrs.exclude_outside and attrs.mode != "nearest"),
        "antialias": int(attrs.antialias),
        "extrapolation_value": attrs.extrapolation_value,
    }
    if attrs.scale is not None:
        scales = (1.0,) * rest + attrs.scale
        # Whichever precision a runtime computes in.
        if not region and all(_follows(step, scales, dtype) for dtype in ("float32", "float64")):
            step.result("Resize", step.names[0], region, step.scales(scales), **settings)
            return
        ratios = (new / old for old, new in zip(sizes, step.y.shape, strict=True))
        if not all(math.isclose(scale, ratio, rel_tol=1e-6) for scale, ratio in zip(scales, ratios, strict=True)):
            raise step.unsupported("by another scale than that of the sizes")
    step.result("Resize", step.names[0], region, "", step.ints(*step.y.shape), **settings)


def _follows(step: Step, scales: tuple[float, ...], dtype: str) -> bool:
    """Whether the sizes follow from scales of single precision."""
    sizes = np.array(step.x.shape, dtype) * np.array(scales, "float32").astype(dtype)
    return bool((np.floor(sizes) == np.array(step.y.shape)).all())


@writes("grid_sample")
def grid_sample(step: Step) -> None:
    """GridSample."""
    attrs = step.attrs
    step.result(
        "GridSample",
        *step.names,
        mode=attrs.mode,
        padding_mode=attrs.padding_mode,
        align_corners=int(attrs.align_corners),
    )
