"""Interpolation to another size, sampling at positions that a tensor names, and regions brought to one size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from netweight.errors import ShapeError, UsageError
from netweight.functions.recorder import Recorder, Size, T, per_dim
from netweight.ops.sample.grid_sample import Beyond, GridSampleAttrs, SampleMode
from netweight.ops.sample.resize import Coordinates, ResizeAttrs, ResizeMode, Rounding
from netweight.ops.sample.roi_align import RoiAlignAttrs, RoiPoolAttrs

_PLACED: tuple[Coordinates, Rounding] = ("half_pixel", "floor")
_MODES: dict[str, tuple[ResizeMode, Coordinates, Rounding]] = {
    "nearest": ("nearest", "asymmetric", "floor"),
    "nearest-exact": ("nearest", "half_pixel", "round_prefer_ceil"),
    "linear": ("linear", *_PLACED),
    "bilinear": ("linear", *_PLACED),
    "trilinear": ("linear", *_PLACED),
    "bicubic": ("cubic", *_PLACED),
}
_DIMS = {"linear": 1, "bilinear": 2, "trilinear": 3, "bicubic": 2}


def interpolate(
    rec: Recorder,
    x: T,
    size: Size | None = None,
    scale_factor: float | tuple[float, ...] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> T:
    """Interpolate (N, C, *in) to a size, or by a factor.

    Args:
        rec: Where it is recorded.
        x: (N, C, *in), one to three spatial dimensions.
        size: Spatial sizes of the result.
        scale_factor: Outputs per input instead; sizes are rounded down.
        mode: ``nearest``, ``nearest-exact``, ``linear`` (1-D), ``bilinear``, ``trilinear`` or ``bicubic``.
        align_corners: Corner elements of input and output lie on each other; not for nearest.
        recompute_scale_factor: Coordinates follow from the sizes, not from the factor that made them.
        antialias: Where the size shrinks, average all elements that lie in between; with bilinear and bicubic alone.

    Raises:
        UsageError: If not just one of size and scale_factor is given, or there is no such mode for as many dimensions.
    """
    in_size = rec.spec(x).shape[2:]
    dims = len(in_size)
    if mode not in _MODES:
        raise UsageError(f"interpolate: expected mode {', '.join(_MODES)}, got {mode!r}")
    if _DIMS.get(mode, dims) != dims:
        raise UsageError(f"interpolate: expected {mode!r} for {_DIMS[mode]} spatial dimensions, got {dims}")
    factors = None
    if scale_factor is not None and size is None:
        factors = scale_factor if isinstance(scale_factor, tuple) else (scale_factor,) * dims
        if len(factors) != dims:
            raise ShapeError(f"interpolate: expected {dims} scale factors, got {factors}")
        sizes = tuple(math.floor(now * factor) for now, factor in zip(in_size, factors, strict=True))
    elif size is not None and scale_factor is None:
        sizes = per_dim(size, dims)
    else:
        raise UsageError(f"interpolate: expected either size or scale_factor, got {size} and {scale_factor}")
    if recompute_scale_factor:
        factors = None
    return resized(rec, x, sizes, factors, mode, align_corners=bool(align_corners), antialias=antialias)


def resized(
    rec: Recorder, x: T, size: Sequence[int], factors: Sequence[float | None] | None, mode: str, *,
    align_corners: bool = False, antialias: bool = False,
) -> T:  # fmt: skip
    """``x`` at a size; coordinates follow from the factors where they are given and are not ``size / in``.

    Antialiasing is that of Pillow: Keys' kernel of -1/2, and nothing beyond the edge. Where a factor such as 1.1 leaves
    a size as it is, PyTorch's nearest and linear copy the dimension; the other modes go by the factor.

    Raises:
        UsageError: If ``antialias`` is given with a mode other than bilinear and bicubic, or with ``align_corners``.
    """
    if antialias and (mode not in ("bilinear", "bicubic") or align_corners):
        raise UsageError(
            f"interpolate: expected antialias with 'bilinear' or 'bicubic' and without align_corners, "
            f"got {mode!r} and {align_corners}"
        )
    how, coordinates, rounding = _MODES[mode]
    if align_corners and how == "nearest":
        raise UsageError(f"interpolate: expected align_corners with linear or cubic, got mode {mode!r}")
    ratios: tuple[float, ...] | None = None
    if factors is not None and not align_corners:
        copies = how == "linear" or mode == "nearest"
        of_each = [
            (out / n if factor is None or (copies and out == n) else factor, n, out)
            for out, n, factor in zip(size, rec.spec(x).shape[2:], factors, strict=True)
        ]
        if any(not math.isclose(n * ratio, out, rel_tol=1e-9) for ratio, n, out in of_each):
            ratios = tuple(float(ratio) for ratio, _, _ in of_each)
    attrs = ResizeAttrs(
        size=tuple(size),
        mode=how,
        coordinates="align_corners" if align_corners else coordinates,
        rounding=rounding,
        scale=ratios,
        antialias=antialias,
        exclude_outside=antialias,
        cubic_a=-0.5 if antialias else -0.75,
    )
    return rec.op("resize", attrs, x)


def grid_sample(
    rec: Recorder,
    x: T,
    grid: T,
    mode: Literal["bilinear", "nearest", "bicubic"] = "bilinear",
    padding_mode: Beyond = "zeros",
    align_corners: bool | None = None,
) -> T:
    """What ``x`` (N, C, *in) has at the coordinates of ``grid`` (N, *out, spatial), from -1 to 1, width first."""
    modes: dict[str, SampleMode] = {"bilinear": "linear", "nearest": "nearest", "bicubic": "cubic"}
    attrs = GridSampleAttrs(mode=modes[mode], padding_mode=padding_mode, align_corners=bool(align_corners))
    return rec.op("grid_sample", attrs, x, grid)


def roi_align(
    rec: Recorder,
    x: T,
    boxes: T,
    output_size: Size,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = False,
    mode: Literal["avg", "max"] = "avg",
) -> T:
    """Regions (sample, x1, y1, x2, y2) of ``x`` brought to one size by the mean of samples in each bin.

    With mode ``"max"``, which ONNX has, by the largest weighted element that the samples of a bin are made of.
    """
    attrs = RoiAlignAttrs(
        output_size=_pair(output_size),
        spatial_scale=spatial_scale,
        sampling_ratio=max(sampling_ratio, 0),
        aligned=aligned,
    )
    return rec.op("roi_align" if mode == "avg" else "roi_align_max", attrs, x, boxes)


def roi_pool(rec: Recorder, x: T, boxes: T, output_size: Size, spatial_scale: float = 1.0) -> T:
    """Regions (sample, x1, y1, x2, y2) of ``x`` brought to one size by the maximum of each bin."""
    return rec.op("roi_pool", RoiPoolAttrs(output_size=_pair(output_size), spatial_scale=spatial_scale), x, boxes)


def _pair(size: Size) -> tuple[int, int]:
    height, width = per_dim(size, 2)
    return height, width
