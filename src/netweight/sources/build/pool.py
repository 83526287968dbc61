"""Pooling; the stride is the window's size unless given."""

from __future__ import annotations

from netweight.errors import ShapeError
from netweight.functions.recorder import per_dim
from netweight.ops.arrays.padding import PaddingAmount, Pads, resolve_padding
from netweight.ops.window.adaptive_pool import AdaptivePoolAttrs
from netweight.ops.window.pool import PoolAttrs
from netweight.ops.window.pool_average import AvgPoolAttrs, LpPoolAttrs
from netweight.sources.build.core import Symbol, call

Size = int | tuple[int, ...]
OutputSize = int | None | tuple[int | None, ...]


def max_pool1d(
    x: Symbol, kernel_size: Size, stride: Size | None = None, *, padding: PaddingAmount = 0, dilation: Size = 1,
    ceil_mode: bool = False, name: str = "maxpool",
) -> Symbol:  # fmt: skip
    """Largest element of each window of (N, C, L)."""
    return call("max_pool", _picking(x, 1, kernel_size, stride, padding, dilation, ceil_mode), x, name=name)


def max_pool2d(
    x: Symbol, kernel_size: Size, stride: Size | None = None, *, padding: PaddingAmount = 0, dilation: Size = 1,
    ceil_mode: bool = False, name: str = "maxpool",
) -> Symbol:  # fmt: skip
    """Largest element of each window of (N, C, H, W)."""
    return call("max_pool", _picking(x, 2, kernel_size, stride, padding, dilation, ceil_mode), x, name=name)


def max_pool3d(
    x: Symbol, kernel_size: Size, stride: Size | None = None, *, padding: PaddingAmount = 0, dilation: Size = 1,
    ceil_mode: bool = False, name: str = "maxpool",
) -> Symbol:  # fmt: skip
    """Largest element of each window of (N, C, D, H, W)."""
    return call("max_pool", _picking(x, 3, kernel_size, stride, padding, dilation, ceil_mode), x, name=name)


def min_pool2d(
    x: Symbol, kernel_size: Size, stride: Size | None = None, *, padding: PaddingAmount = 0, dilation: Size = 1,
    ceil_mode: bool = False, name: str = "minpool",
) -> Symbol:  # fmt: skip
    """Smallest element of each window of (N, C, H, W)."""
    return call("min_pool", _picking(x, 2, kernel_size, stride, padding, dilation, ceil_mode), x, name=name)


def avg_pool1d(
    x: Symbol, kernel_size: Size, stride: Size | None = None, *, padding: PaddingAmount = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None, name: str = "avgpool",
) -> Symbol:  # fmt: skip
    """Mean of each window of (N, C, L)."""
    return _avg_pool(x, 1, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, name)


def avg_pool2d(
    x: Symbol, kernel_size: Size, stride: Size | None = None, *, padding: PaddingAmount = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None, name: str = "avgpool",
) -> Symbol:  # fmt: skip
    """Mean of each window of (N, C, H, W)."""
    return _avg_pool(x, 2, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, name)


def avg_pool3d(
    x: Symbol, kernel_size: Size, stride: Size | None = None, *, padding: PaddingAmount = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None, name: str = "avgpool",
) -> Symbol:  # fmt: skip
    """Mean of each window of (N, C, D, H, W)."""
    return _avg_pool(x, 3, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, name)


def lp_pool2d(
    x: Symbol, norm_type: float, kernel_size: Size, stride: Size | None = None, *, ceil_mode: bool = False,
    name: str = "lppool",
) -> Symbol:  # fmt: skip
    """(Sum of x ** norm_type) ** (1 / norm_type) over each window of (N, C, H, W)."""
    kernel, steps = _kernel_and_stride(2, kernel_size, stride)
    attrs = LpPoolAttrs(norm_type=float(norm_type), kernel_size=kernel, stride=steps, ceil_mode=ceil_mode)
    return call("lp_pool", attrs, x, name=name)


def adaptive_avg_pool1d(x: Symbol, output_size: OutputSize, *, name: str = "avgpool") -> Symbol:
    """Mean over windows that make the length ``output_size``."""
    return call("adaptive_avg_pool", _adaptive(x, 1, output_size), x, name=name)


def adaptive_avg_pool2d(x: Symbol, output_size: OutputSize, *, name: str = "avgpool") -> Symbol:
    """Mean over windows that make (H, W) the ``output_size``; None keeps a size."""
    return call("adaptive_avg_pool", _adaptive(x, 2, output_size), x, name=name)


def adaptive_avg_pool3d(x: Symbol, output_size: OutputSize, *, name: str = "avgpool") -> Symbol:
    """Mean over windows that make (D, H, W) the ``output_size``; None keeps a size."""
    return call("adaptive_avg_pool", _adaptive(x, 3, output_size), x, name=name)


def adaptive_max_pool2d(x: Symbol, output_size: OutputSize, *, name: str = "maxpool") -> Symbol:
    """Largest element of windows that make (H, W) the ``output_size``; None keeps a size."""
    return call("adaptive_max_pool", _adaptive(x, 2, output_size), x, name=name)


def global_avg_pool(x: Symbol, *, name: str = "avgpool") -> Symbol:
    """Mean of each plane: (N, C, *in) to (N, C, 1, ...)."""
    return call("adaptive_avg_pool", _adaptive(x, len(x.shape) - 2, 1), x, name=name)


def global_max_pool(x: Symbol, *, name: str = "maxpool") -> Symbol:
    """Largest element of each plane: (N, C, *in) to (N, C, 1, ...)."""
    return call("adaptive_max_pool", _adaptive(x, len(x.shape) - 2, 1), x, name=name)


def _kernel_and_stride(dims: int, kernel_size: Size, stride: Size | None) -> tuple[tuple[int, ...], tuple[int, ...]]:
    kernel = per_dim(kernel_size, dims)
    return kernel, kernel if stride is None else per_dim(stride, dims)


def _pads(
    x: Symbol, padding: PaddingAmount, kernel: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> Pads:
    if len(x.shape) != len(kernel) + 2:
        raise ShapeError(f"pool: expected x with 2 + {len(kernel)} dimensions, got {x.shape}")
    return resolve_padding(padding, x.shape[2:], kernel, stride, dilation)


def _picking(
    x: Symbol, dims: int, kernel_size: Size, stride: Size | None, padding: PaddingAmount, dilation: Size,
    ceil_mode: bool,  # noqa: FBT001
) -> PoolAttrs:  # fmt: skip
    kernel, steps = _kernel_and_stride(dims, kernel_size, stride)
    spread = per_dim(dilation, dims)
    pads = _pads(x, padding, kernel, steps, spread)
    return PoolAttrs(kernel_size=kernel, stride=steps, padding=pads, dilation=spread, ceil_mode=ceil_mode)


def _avg_pool(
    x: Symbol, dims: int, kernel_size: Size, stride: Size | None, padding: PaddingAmount,
    ceil_mode: bool, count_include_pad: bool, divisor_override: int | None, name: str,  # noqa: FBT001
) -> Symbol:  # fmt: skip
    kernel, steps = _kernel_and_stride(dims, kernel_size, stride)
    attrs = AvgPoolAttrs(
        kernel_size=kernel,
        stride=steps,
        padding=_pads(x, padding, kernel, steps, (1,) * dims),
        ceil_mode=ceil_mode,
        count_include_pad=count_include_pad,
        divisor_override=divisor_override,
    )
    return call("avg_pool", attrs, x, name=name)


def _adaptive(x: Symbol, dims: int, output_size: OutputSize) -> AdaptivePoolAttrs:
    sizes = output_size if isinstance(output_size, tuple) else (output_size,) * dims
    if len(x.shape) != len(sizes) + 2:
        raise ShapeError(f"adaptive_pool: expected x with 2 + {len(sizes)} dimensions, got {x.shape}")
    kept = zip(sizes, x.shape[2:], strict=True)
    return AdaptivePoolAttrs(output_size=tuple(size if given is None else given for given, size in kept))
