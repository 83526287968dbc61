"""Interpolation to another size, and sampling at positions that a tensor names."""

from __future__ import annotations

import math
from typing import Any, Literal

import torch
from torch import Tensor

from netweight.functions.sample import grid_sample, resized
from netweight.ops.sample.grid_sample import Beyond
from netweight.sources.torch.lower import RULES, lowers
from netweight.sources.torch.lower.move.layout import reshaped
from netweight.sources.torch.recorder import Recorder

_SAMPLE_MODES: tuple[Literal["bilinear", "nearest", "bicubic"], ...] = ("bilinear", "nearest", "bicubic")
_SCALES = {1: ("scales",), 2: ("scales_h", "scales_w"), 3: ("scales_d", "scales_h", "scales_w")}
_BEYOND: tuple[Beyond, ...] = ("zeros", "border", "reflection")


def _upsample(mode: str, *names: str, corners: bool = True, antialias: bool = False) -> None:
    """Register one mode: ``.vec`` takes sizes or factors, ``.default`` sizes and the factors for coordinates."""

    def made(rec: Recorder, x: Tensor, size: Any, aligned: bool, factors: Any) -> Any:
        if antialias and aligned:
            return NotImplemented  # PyTorch's kernels are of another width there
        if size is None:
            size = [math.floor(n * factor) for n, factor in zip(x.shape[2:], factors, strict=True)]
        return resized(rec, x, size, factors, mode, align_corners=aligned, antialias=antialias)

    first = ("align_corners",) if corners else ()
    for name in names:

        @lowers(f"{name}.vec")
        def rule(rec: Recorder, input: Tensor, output_size: Any, *rest: Any, **named: Any) -> Any:
            given = dict(zip((*first, "scale_factors"), rest, strict=False)) | named
            return made(rec, input, output_size, given.get("align_corners", False), given.get("scale_factors"))

        @lowers(f"{name}.default")
        def plain(rec: Recorder, self: Tensor, output_size: Any, *rest: Any, **named: Any) -> Any:
            scales = _SCALES[self.dim() - 2]
            given = dict(zip((*first, *scales), rest, strict=False)) | named
            factors = [given.get(scale) for scale in scales]
            return made(rec, self, output_size, given.get("align_corners", False), factors)


_upsample("nearest", "upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d", corners=False)
_upsample(
    "nearest-exact", "_upsample_nearest_exact1d", "_upsample_nearest_exact2d", "_upsample_nearest_exact3d",
    corners=False,
)  # fmt: skip
_upsample("bilinear", "upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d")
_upsample("bicubic", "upsample_bicubic2d")
_upsample("bilinear", "_upsample_bilinear2d_aa", antialias=True)
_upsample("bicubic", "_upsample_bicubic2d_aa", antialias=True)


@lowers("grid_sampler", "grid_sampler_2d", "grid_sampler_3d")
def grid_sampler(
    rec: Recorder, input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Any:
    """PyTorch's ``grid_sampler``.

    grid_sampler(Tensor input, Tensor grid, int interpolation_mode, int padding_mode, bool align_corners) ->
        Tensor
    """
    return grid_sample(rec, input, grid, _SAMPLE_MODES[interpolation_mode], _BEYOND[padding_mode], align_corners)


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
