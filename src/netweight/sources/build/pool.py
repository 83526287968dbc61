"""Pooling."""

from __future__ import annotations

from netweight.ops.padding import PaddingAmount, resolve_padding
from netweight.ops.pool import PoolAttrs
from netweight.sources.build.core import Symbol, call
from netweight.sources.build.params import per_dim


def max_pool2d(
    x: Symbol,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    *,
    padding: PaddingAmount = 0,
    dilation: int | tuple[int, int] = 1,
    ceil_mode: bool = False,
    name: str = "maxpool",
) -> Symbol:
    """Largest element of each window; the stride is the window's size unless given."""
    kernel = per_dim(kernel_size, 2)
    steps = per_dim(kernel if stride is None else stride, 2)
    spread = per_dim(dilation, 2)
    pads = resolve_padding(padding, x.shape[2:], kernel, steps, spread)
    attrs = PoolAttrs(kernel_size=kernel, stride=steps, padding=pads, dilation=spread, ceil_mode=ceil_mode)
    return call("max_pool", attrs, x, name=name)
