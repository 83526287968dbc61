"""Max pooling that tells where its elements were, and the way back."""

from __future__ import annotations

from netweight.errors import ShapeError
from netweight.functions.recorder import per_dim
from netweight.ops.arrays.padding import PaddingAmount, resolve_padding
from netweight.ops.window.pool_indices import PoolIndicesAttrs, UnpoolAttrs
from netweight.sources.build.core import Symbol, call

Size = int | tuple[int, ...]


def max_pool2d_with_indices(
    x: Symbol, kernel_size: Size, stride: Size | None = None, *, padding: PaddingAmount = 0, dilation: Size = 1,
    ceil_mode: bool = False, name: str = "maxpool",
) -> tuple[Symbol, Symbol]:  # fmt: skip
    """Largest element of each window of (N, C, H, W), and its position in the flattened plane."""
    kernel, spread = per_dim(kernel_size, 2), per_dim(dilation, 2)
    steps = kernel if stride is None else per_dim(stride, 2)
    attrs = PoolIndicesAttrs(
        kernel_size=kernel,
        stride=steps,
        padding=resolve_padding(padding, x.shape[2:], kernel, steps, spread),
        dilation=spread,
        ceil_mode=ceil_mode,
    )
    y, indices = x.builder.call("max_pool_with_indices", attrs, (x,), layer=x.builder.layer_name(name))
    return y, indices


def max_unpool2d(
    x: Symbol,
    indices: Symbol,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    output_size: tuple[int, ...] | None = None,
    *,
    name: str = "maxunpool",
) -> Symbol:
    """Every element of (N, C, H, W) at its position in a larger plane, zeros elsewhere.

    Args:
        x: What pooling left.
        indices: Where it came from.
        kernel_size: Window of the pooling.
        stride: Its step; that of the window unless given.
        padding: Its padding.
        output_size: Height and width before pooling; the smallest that fit unless given.
        name: Last part of the module path.

    Raises:
        ShapeError: If ``x`` is no (N, C, H, W).
    """
    if len(x.shape) != 4:
        raise ShapeError(f"max_unpool: expected x (N, C, H, W), got {x.shape}")
    kernel = per_dim(kernel_size, 2)
    steps = kernel if stride is None else per_dim(stride, 2)
    smallest = tuple(
        (size - 1) * step - 2 * pad + k
        for size, step, pad, k in zip(x.shape[2:], steps, per_dim(padding, 2), kernel, strict=True)
    )
    return call("max_unpool", UnpoolAttrs(output_size=output_size or smallest), x, indices, name=name)
