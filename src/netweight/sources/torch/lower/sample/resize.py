"""Interpolation to another size, and sampling at positions that a tensor names."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor

from netweight.ops.sample.grid_sample import Beyond, GridSampleAttrs, SampleMode
from netweight.ops.sample.resample import ResampleAttrs
from netweight.ops.sample.resize import ResizeAttrs, ResizeMode
from netweight.sources.torch.lower import RULES, lowers
from netweight.sources.torch.lower.move.layout import reshaped
from netweight.sources.torch.strides import channels_last

if TYPE_CHECKING:
    from netweight.sources.torch.recorder import Recorder

_SAMPLE_MODES: tuple[SampleMode, ...] = ("linear", "nearest", "cubic")
_BEYOND: tuple[Beyond, ...] = ("zeros", "border", "reflection")


def _resized(rec: Recorder, x: Tensor, size: Any, scales: Any, mode: ResizeMode, *, align_corners: bool = False) -> Any:
    """Factors count where they are not out / in."""
    in_size = tuple(x.shape[2:])
    size, ratios = _ratios(in_size, size, scales)
    exact = align_corners or all(n * ratio == out for n, ratio, out in zip(in_size, ratios, size, strict=True))
    attrs = ResizeAttrs(
        size=size, mode=mode, align_corners=align_corners, scale_factor=None if exact else tuple(map(float, ratios))
    )
    return rec.op("resize", attrs, x, order=channels_last(x))


def _ratios(in_size: tuple[int, ...], size: Any, scales: Any) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Size and outputs per input; ``size`` or the scale factors may be None, or single factors be."""
    factors: tuple[float | None, ...] = tuple(scales) if scales is not None else (None,) * len(in_size)
    if size is None:
        size = [math.floor(n * factor) for n, factor in zip(in_size, scales, strict=True)]
    ratios = (out / n if factor is None else factor for out, n, factor in zip(size, in_size, factors, strict=True))
    return tuple(size), tuple(ratios)


def _copying(mode: ResizeMode, *names: str) -> None:
    for name in names:

        @lowers(f"{name}.vec")
        def rule(rec: Recorder, input: Tensor, output_size: Any, scale_factors: Any = None) -> Any:
            return _resized(rec, input, output_size, scale_factors, mode)

        @lowers(f"{name}.default")
        def plain(rec: Recorder, self: Tensor, output_size: Any, *scales: float | None, **named: Any) -> Any:
            return _resized(rec, self, output_size, _given(scales, named), mode)


def _mixing(mode: ResizeMode, *names: str) -> None:
    for name in names:

        @lowers(f"{name}.vec")
        def rule(rec: Recorder, input: Tensor, output_size: Any, align_corners: bool, scale_factors: Any = None) -> Any:
            return _resized(rec, input, output_size, scale_factors, mode, align_corners=align_corners)

        @lowers(f"{name}.default")
        def plain(
            rec: Recorder, self: Tensor, output_size: Any, align_corners: bool, *scales: float | None, **named: Any
        ) -> Any:
            return _resized(rec, self, output_size, _given(scales, named), mode, align_corners=align_corners)


def _widened(mode: Literal["linear", "cubic"], name: str) -> None:
    """Antialiasing, with Keys' kernel of -1/2 for cubic; with corners on each other it is not in the table."""

    def made(rec: Recorder, x: Tensor, output_size: Any, align_corners: bool, scales: Any) -> Any:
        if align_corners:
            return NotImplemented
        size, ratios = _ratios(tuple(x.shape[2:]), output_size, scales)
        attrs = ResampleAttrs(
            size=(*x.shape[:2], *size), scale=(1.0, 1.0, *map(float, ratios)), mode=mode, antialias=True,
            exclude_outside=True, cubic_a=-0.5,
        )  # fmt: skip
        return rec.op("resample", attrs, x, order=channels_last(x))

    @lowers(f"{name}.vec")
    def rule(rec: Recorder, input: Tensor, output_size: Any, align_corners: bool, scale_factors: Any = None) -> Any:
        return made(rec, input, output_size, align_corners, scale_factors)

    @lowers(f"{name}.default")
    def plain(
        rec: Recorder, self: Tensor, output_size: Any, align_corners: bool, *scales: float | None, **named: Any
    ) -> Any:
        return made(rec, self, output_size, align_corners, _given(scales, named))


def _given(scales: tuple[float | None, ...], named: dict[str, float | None]) -> tuple[float | None, ...] | None:
    """Scale factors from the first spatial dimension to the last, None if none was given."""
    factors = scales or tuple(
        named.get(name) for name in ("scales_d", "scales_h", "scales_w", "scales") if name in named
    )
    return factors or None


_copying("nearest", "upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d")
_copying(
    "nearest-exact", "_upsample_nearest_exact1d", "_upsample_nearest_exact2d", "_upsample_nearest_exact3d"
)  # fmt: skip
_mixing("linear", "upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d")
_mixing("cubic", "upsample_bicubic2d")
_widened("linear", "_upsample_bilinear2d_aa")
_widened("cubic", "_upsample_bicubic2d_aa")


@lowers("grid_sampler", "grid_sampler_2d", "grid_sampler_3d")
def grid_sampler(
    rec: Recorder, input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Any:
    attrs = GridSampleAttrs(
        mode=_SAMPLE_MODES[interpolation_mode], padding_mode=_BEYOND[padding_mode], align_corners=align_corners
    )
    return rec.op("grid_sample", attrs, input, grid)


@lowers("affine_grid_generator")
def affine_grid(rec: Recorder, theta: Tensor, size: Any, align_corners: bool) -> Any:
    """The matrices times the coordinates of a regular grid, a constant."""
    n, _, *out_size = size
    with torch._C._DisableTorchDispatch():
        axes = [_centres(out, theta.dtype, align_corners=align_corners) for out in out_size]
        grid = torch.meshgrid(*axes, indexing="ij")
        base = torch.stack([*reversed(grid), torch.ones_like(grid[0])], dim=-1).reshape(1, -1, len(out_size) + 1)
        base = base.expand(n, -1, -1).contiguous()
    product = rec.op("matmul", None, base, RULES["transpose"](rec, theta, 1, 2))
    return reshaped(rec, product, (n, *out_size, len(out_size)))


def _centres(size: int, dtype: torch.dtype, *, align_corners: bool) -> Tensor:
    if size <= 1:
        return torch.zeros(size, dtype=dtype)
    ends = torch.linspace(-1, 1, size, dtype=dtype)
    return ends if align_corners else ends * ((size - 1) / size)
