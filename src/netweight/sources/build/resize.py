"""Resizing."""

from __future__ import annotations

import math

from netweight.errors import ShapeError, UsageError
from netweight.functions.recorder import per_dim
from netweight.ops.sample.resample import ResampleAttrs
from netweight.ops.sample.resize import ResizeAttrs, ResizeMode
from netweight.sources.build.core import Symbol, call

_MODES: dict[str, ResizeMode] = {
    "nearest": "nearest",
    "nearest-exact": "nearest-exact",
    "linear": "linear",
    "bilinear": "linear",
    "trilinear": "linear",
    "bicubic": "cubic",
}
_DIMS = {"linear": 1, "bilinear": 2, "trilinear": 3, "bicubic": 2}


def interpolate(
    x: Symbol,
    *,
    size: int | tuple[int, ...] | None = None,
    scale_factor: float | tuple[float, ...] | None = None,
    mode: str = "nearest",
    align_corners: bool = False,
    recompute_scale_factor: bool = False,
    antialias: bool = False,
    name: str = "interpolate",
) -> Symbol:
    """Interpolate (N, C, *in) to a size, or by a factor.

    Args:
        x: (N, C, *in), one to three spatial dimensions.
        size: Spatial sizes of the result.
        scale_factor: Outputs per input instead; sizes are rounded down.
        mode: ``nearest``, ``nearest-exact``, ``linear`` (1-D), ``bilinear``, ``trilinear`` or ``bicubic``.
        align_corners: Corner elements of input and output lie on each other; not for nearest.
        recompute_scale_factor: Coordinates follow from the sizes, not from the factor that made them.
        antialias: Where the size shrinks, elements are made of all that lie in between; bilinear and bicubic.
        name: Last part of the module path.

    Raises:
        UsageError: If not just one of size and scale_factor is given, or there is no such mode for as many dimensions.
        ShapeError: If the sizes make no sense.
    """
    if mode not in _MODES:
        raise UsageError(f"interpolate: expected mode {', '.join(_MODES)}, got {mode!r}")
    dims = len(x.shape) - 2
    if _DIMS.get(mode, dims) != dims:
        raise UsageError(f"interpolate: expected {mode!r} for {_DIMS[mode]} spatial dimensions, got {dims}")
    factors = None
    if scale_factor is not None and size is None:
        sizes, factors = _scaled(x.shape[2:], scale_factor)
    elif size is not None and scale_factor is None:
        sizes = per_dim(size, dims)
    else:
        raise UsageError(f"interpolate: expected either size or scale_factor, got {size} and {scale_factor}")
    if antialias:
        return _antialiased(x, sizes, None if recompute_scale_factor else factors, mode, name, aligned=align_corners)
    attrs = ResizeAttrs(
        size=sizes,
        mode=_MODES[mode],
        align_corners=align_corners,
        scale_factor=None if recompute_scale_factor or align_corners else factors,
    )
    return call("resize", attrs, x, name=name)


def _antialiased(
    x: Symbol, sizes: tuple[int, ...], factors: tuple[float, ...] | None, mode: str, name: str, *, aligned: bool
) -> Symbol:
    """Keys' kernel is that of -1/2 here, as in Pillow.

    Raises:
        UsageError: If it is neither bilinear nor bicubic, or corners are to lie on each other.
    """
    if mode not in ("bilinear", "bicubic") or aligned:
        raise UsageError(
            f"interpolate: expected antialias with 'bilinear' or 'bicubic' and without align_corners, "
            f"got {mode!r} and {aligned}"
        )
    scale = factors or tuple(out / size for out, size in zip(sizes, x.shape[2:], strict=True))
    attrs = ResampleAttrs(
        size=(*x.shape[:2], *sizes),
        scale=(1.0, 1.0, *scale),
        mode="linear" if mode == "bilinear" else "cubic",
        antialias=True,
        exclude_outside=True,
        cubic_a=-0.5,
    )
    return call("resample", attrs, x, name=name)


def _scaled(
    in_size: tuple[int, ...], scale_factor: float | tuple[float, ...]
) -> tuple[tuple[int, ...], tuple[float, ...] | None]:
    """Sizes by a factor, rounded down, and the factors where rounding made them differ from the sizes."""
    factors = scale_factor if isinstance(scale_factor, tuple) else (scale_factor,) * len(in_size)
    if len(factors) != len(in_size):
        raise ShapeError(f"interpolate: expected {len(in_size)} scale factors, got {factors}")
    exact = [size * factor for size, factor in zip(in_size, factors, strict=True)]
    sizes = tuple(math.floor(size) for size in exact)
    return sizes, tuple(map(float, factors)) if any(e != s for e, s in zip(exact, sizes, strict=True)) else None
