"""Planes brought to another size."""

from __future__ import annotations

from typing import Any

from netweight.errors import FormatError
from netweight.ops.sample.resize import Coordinates, ResizeAttrs, Rounding
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers
from netweight.sources.tflite.lower.layout import from_first, to_first
from netweight.sources.tflite.lower.scales import in_reals


def _size(call: TfliteCall, x: Tensor, size: Tensor) -> tuple[int, ...]:
    found = size.ints()
    if x.rank != 4 or len(found) != 2:
        raise FormatError(f"{call.kind}: expected x (N, H, W, C) and two sizes, got {x.shape} and {found}")
    return found


def _coordinates(call: TfliteCall) -> Coordinates:
    if call.option("align_corners"):
        return "align_corners"
    return "half_pixel" if call.option("half_pixel_centers") else "asymmetric"


@lowers("RESIZE_BILINEAR")
def resize_bilinear(call: TfliteCall, x: Tensor, size: Tensor) -> Any:
    attrs = ResizeAttrs(size=_size(call, x, size), mode="linear", coordinates=_coordinates(call))
    return from_first(call, in_reals(call, lambda part: call.op("resize", attrs, part), to_first(call, x)))


@lowers("RESIZE_NEAREST_NEIGHBOR")
def resize_nearest(call: TfliteCall, x: Tensor, size: Tensor) -> Any:
    """The element that lies at or before the place; at corners that are aligned, and at half pixels, the nearest."""
    coordinates = _coordinates(call)
    rounding: Rounding = "floor" if coordinates == "asymmetric" else "round_prefer_ceil"
    attrs = ResizeAttrs(size=_size(call, x, size), mode="nearest", coordinates=coordinates, rounding=rounding)
    return from_first(call, call.op("resize", attrs, to_first(call, x)))
