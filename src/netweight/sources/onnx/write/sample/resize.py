"""Resizing, and sampling at positions that a tensor names."""

from __future__ import annotations

import math

from netweight.lazy import np
from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.step import Step

_COORDINATES = {"nearest": "asymmetric"}
_NEAREST = {"nearest": "floor", "nearest-exact": "round_prefer_ceil"}


@writes("resize")
def resize(step: Step) -> None:
    """Resize of the spatial dimensions, by size, or by scale where that is not their ratio."""
    attrs = step.attrs
    mode = attrs.mode.removesuffix("-exact")
    settings = {
        "mode": mode,
        "coordinate_transformation_mode": "align_corners"
        if attrs.align_corners
        else _COORDINATES.get(attrs.mode, "half_pixel"),
        "nearest_mode": _NEAREST.get(attrs.mode),
        "cubic_coeff_a": -0.75 if mode == "cubic" else None,
    }
    scales = None if attrs.scale_factor is None else (1.0, 1.0, *attrs.scale_factor)
    _resized(step, scales, settings)


def _resized(step: Step, scales: tuple[float, ...] | None, settings: dict[str, object], region: str = "") -> None:
    """By scale where the sizes follow from it in the single precision that ONNX has, else by size.

    Raises:
        UnsupportedOpError: If the scale is neither that nor the ratio of the sizes.
    """
    sizes, cropped = step.x.shape, settings["coordinate_transformation_mode"] == "tf_crop_and_resize"
    if not step.y.shape:
        step.as_result(step.names[0])
        return
    if scales is not None:
        # Whichever precision a runtime computes in.
        if not cropped and all(_follows(step, scales, dtype) for dtype in ("float32", "float64")):
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


@writes("resample")
def resample(step: Step) -> None:
    """Resize with every setting."""
    attrs = step.attrs
    region = ""
    if attrs.region is not None:
        ends = [start for start, _ in attrs.region] + [end for _, end in attrs.region]
        region = step.scales(ends)
    _resized(
        step,
        attrs.scale,
        {
            "mode": attrs.mode,
            "coordinate_transformation_mode": attrs.coordinates,
            "nearest_mode": attrs.nearest if attrs.mode == "nearest" else None,
            "cubic_coeff_a": attrs.cubic_a if attrs.mode == "cubic" else None,
            "exclude_outside": int(attrs.exclude_outside and attrs.mode != "nearest"),
            "antialias": int(attrs.antialias),
            "extrapolation_value": attrs.extrapolation_value,
        },
        region,
    )


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
