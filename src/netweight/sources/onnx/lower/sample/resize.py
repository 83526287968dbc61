"""Interpolation to another size, and sampling at positions that a tensor names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from netweight.errors import FormatError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.dtypes import held_type
from netweight.ops.sample.grid_sample import GridSampleAttrs
from netweight.ops.sample.resize import ResizeAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.lower.common import axis_of, permuted, reshaped
from netweight.sources.onnx.numbers import checked_shape
from netweight.sources.onnx.tensor import Tensor

_SAMPLED: dict[str, Any] = {"bilinear": "linear", "bicubic": "cubic"}
_CROP = "tf_crop_and_resize"


@lowers("Upsample")
def upsample(call: Call, x: Tensor, scales: Tensor | None = None) -> Any:
    """Until opset 8, the scales are an attribute."""
    found = _decimals(np.asarray(call.need("scales"), np.float32)) if scales is None else _decimals(scales.array())
    return _resized(call, x, _by_scale(x.shape, found), coordinates="asymmetric", rounding="floor")


@lowers("Resize")
def resize(
    call: Call, x: Tensor, roi: Tensor | None = None, scales: Tensor | None = None, sizes: Tensor | None = None
) -> Any:
    """Until opset 10 the scales are the second input."""
    if call.opset < 11:
        return _by_scales_alone(call, x, _decimals(np.ones(0) if roi is None else roi.array()))
    coordinates = call.attr("coordinate_transformation_mode", "half_pixel")
    axes = [axis_of(axis, x.rank) for axis in call.attr("axes", range(x.rank))]
    region = None
    if coordinates == _CROP:
        region = _region(x.rank, axes, () if roi is None else _decimals(roi.array()))
    if sizes is not None and sizes.spec.numel:
        made = _by_size(call, x.shape, axes, sizes.ints())
    elif scales is not None and scales.spec.numel:
        made = _by_scale(x.shape, _spread(axes, _decimals(scales.array()), (1.0,) * x.rank), region)
    else:
        raise FormatError("Resize: expected scales or sizes, got neither")
    rounding = call.attr("nearest_mode", "round_prefer_floor")
    return _resized(call, x, made, coordinates=coordinates, rounding=rounding, region=region)


def _by_scales_alone(call: Call, x: Tensor, scales: tuple[float, ...]) -> Any:
    """As Upsample; but what shrinks takes the next element, where what grows takes the one before.

    ONNX has it as an example: of four columns, scaled by 0.6, the first and the third stay.
    """
    shrinks = tuple(min(scale, 1.0) for scale in scales)
    if call.attr("mode", "nearest") != "nearest" or not any(scale < 1 for scale in scales):
        return upsampled(call, x, scales, "asymmetric")
    smaller = _resized(call, x, _by_scale(x.shape, shrinks), coordinates="asymmetric", rounding="ceil")
    return upsampled(call, smaller, tuple(max(scale, 1.0) for scale in scales), "asymmetric")


def upsampled(call: Call, x: Tensor, scales: Sequence[float], coordinates: str) -> Any:
    """Every dimension as often as its scale says, in the mode of the node."""
    made = _by_scale(x.shape, scales)
    return _resized(call, x, made, coordinates=coordinates, rounding="floor")


def _decimals(array: Array) -> tuple[float, ...]:
    """Numbers as they were written: a single-precision 1.1 is 1.1."""
    return tuple(float(str(number)) for number in array.reshape(-1))


def _spread(axes: Sequence[int], values: Sequence[Any], others: Sequence[Any]) -> list[Any]:
    """One entry per dimension."""
    found = list(others)
    for axis, value in zip(axes, values, strict=True):
        found[axis] = value
    return found


def _region(rank: int, axes: Sequence[int], roi: Sequence[float]) -> tuple[tuple[float, float], ...]:
    pairs = list(zip(roi[: len(axes)], roi[len(axes) :], strict=True))
    return tuple(_spread(axes, pairs, [(0.0, 1.0)] * rank))


def _by_scale(
    shape: Sequence[int], scales: Sequence[float], region: Sequence[tuple[float, float]] | None = None
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Sizes and scales; sizes are cut in single precision, as the definition has it."""
    parts = [1.0] * len(shape) if region is None else [end - start for start, end in region]
    single = np.float32
    sizes = [
        int(np.floor(single(size) * (single(part) * single(scale)) if part != 1 else single(size) * single(scale)))
        for size, scale, part in zip(shape, scales, parts, strict=True)
    ]
    return tuple(sizes), tuple(scales)


def _by_size(
    call: Call, shape: Sequence[int], axes: Sequence[int], sizes: Sequence[int]
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Sizes and scales; one scale for all axes where the shape of the picture is to stay."""
    policy = call.attr("keep_aspect_ratio_policy", "stretch")
    exact = [Fraction(wanted, shape[axis]) for axis, wanted in zip(axes, sizes, strict=True)]
    if policy != "stretch":
        exact = [(min if policy == "not_larger" else max)(exact)] * len(axes)
        half = Fraction(1, 2)
        sizes = [math.floor(scale * shape[axis] + half) for scale, axis in zip(exact, axes, strict=True)]
    scales = _spread(axes, [float(scale) for scale in exact], [1.0] * len(shape))
    return tuple(_spread(axes, sizes, shape)), tuple(scales)


def _resized(
    call: Call,
    x: Tensor,
    made: tuple[tuple[int, ...], tuple[float, ...]],
    *,
    coordinates: str,
    rounding: str,
    region: Any = None,
) -> Any:
    """A resize of planes, as PyTorch has it, where the first two dimensions stay; else of all dimensions."""
    size, scale = made
    if size == x.shape and all(s == 1 for s in scale) and region is None:
        return x
    planes = region is None and x.rank > 2 and size[:2] == x.shape[:2] and scale[:2] == (1, 1)
    first = 2 if planes else 0
    exact = all(math.isclose(n * s, out, rel_tol=1e-6) for n, s, out in zip(x.shape, scale, size, strict=True))
    mode = call.attr("mode", "nearest")
    settings: dict[str, Any] = {"rounding": rounding} if mode == "nearest" else {}
    if mode == "cubic":
        settings["cubic_a"] = call.attr("cubic_coeff_a", -0.75)
    if coordinates == "pytorch_half_pixel" and 1 not in size[first:]:
        coordinates = "half_pixel"  # they differ where there is one output
    if region is not None:
        settings |= {"region": region, "extrapolation_value": call.attr("extrapolation_value", 0.0)}
    attrs = ResizeAttrs(
        size=size[first:],
        mode="linear" if mode == "bilinear" else mode,
        coordinates=coordinates,  # type: ignore[arg-type]  # the shape rule refuses others
        scale=None if exact else scale[first:],
        exclude_outside=bool(call.attr("exclude_outside", 0)),
        antialias=bool(call.attr("antialias", 0)),
        **settings,
    )
    return call.op("resize", attrs, x)


@lowers("GridSample")
def grid_sample(call: Call, x: Tensor, grid: Tensor) -> Any:
    """Until opset 19 the modes have the names of pictures."""
    mode = call.attr("mode", "linear")
    attrs = GridSampleAttrs(
        mode=_SAMPLED.get(mode, mode),
        padding_mode=call.attr("padding_mode", "zeros"),
        align_corners=bool(call.attr("align_corners", 0)),
    )
    return call.op("grid_sample", attrs, x, grid)


@lowers("AffineGrid")
def affine_grid(call: Call, theta: Tensor, size: Tensor) -> Any:
    """The matrices times the coordinates of a regular grid, a constant."""
    n, _, *out_size = checked_shape(size.ints(), call.node.name)
    corners = bool(call.attr("align_corners", 0))

    def grid() -> Array:
        axes = [_centres(out, align_corners=corners) for out in out_size]
        places = np.meshgrid(*axes, indexing="ij")
        base = np.stack([*reversed(places), np.ones_like(places[0])], axis=-1)
        return base.reshape(1, -1, len(out_size) + 1).astype(held_type(theta.dtype))

    spec = TensorSpec((1, math.prod(out_size), len(out_size) + 1), theta.dtype)
    product = call.op("matmul", None, Tensor("grid", spec, grid, fixed=True), permuted(call, theta, (0, 2, 1)))
    return reshaped(call, product, (n, *out_size, len(out_size)))


def _centres(size: int, *, align_corners: bool) -> Array:
    """Where elements lie between -1 and 1: at the ends too, or in the middle of equal parts."""
    return np.linspace(-1, 1, size) if align_corners else (2 * np.arange(size) + 1) / size - 1
