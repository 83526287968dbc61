"""Pooling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from netweight.ops.adaptive_pool import AdaptivePoolAttrs
from netweight.ops.base import REGISTRY
from netweight.ops.pool import PoolAttrs
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.contract import channels_last, per_dim, unbatched

if TYPE_CHECKING:
    from netweight.sources.torch.recorder import Recorder


def _max_pool(dims: int) -> None:
    @lowers(f"max_pool{dims}d")
    def rule(
        rec: Recorder, self: Tensor, kernel_size: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1,
        ceil_mode: bool = False,
    ) -> Any:  # fmt: skip
        if self.dim() == dims + 1:
            return unbatched(rec, self, lambda x: rule(rec, x, kernel_size, stride, padding, dilation, ceil_mode))
        kernel = per_dim(kernel_size, dims)
        attrs = PoolAttrs(
            kernel_size=kernel,
            stride=per_dim(stride, dims) if stride else kernel,
            padding=tuple((p, p) for p in per_dim(padding, dims)),
            dilation=per_dim(dilation, dims),
            ceil_mode=ceil_mode,
        )
        return rec.op("max_pool", attrs, self, order=channels_last(self))


def _avg_pool(dims: int) -> None:
    @lowers(f"avg_pool{dims}d")
    def rule(
        rec: Recorder, self: Tensor, kernel_size: Any, stride: Any = (), padding: Any = 0, ceil_mode: bool = False,
        count_include_pad: bool = True, divisor_override: int | None = None,
    ) -> Any:  # fmt: skip
        if self.dim() == dims + 1:
            again = (kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
            return unbatched(rec, self, lambda x: rule(rec, x, *again))
        kernel = per_dim(kernel_size, dims)
        make = REGISTRY["avg_pool"].attrs
        assert make is not None
        attrs = make(
            kernel_size=kernel,
            stride=per_dim(stride, dims) if stride else kernel,
            padding=tuple((p, p) for p in per_dim(padding, dims)),
            ceil_mode=ceil_mode,
            count_include_pad=count_include_pad,
            divisor_override=divisor_override,
        )
        return rec.op("avg_pool", attrs, self, order=channels_last(self))


def _adaptive_pool(op: str, dims: int) -> None:
    @lowers(f"{op.replace('pool', '')}pool{dims}d")
    def rule(rec: Recorder, self: Tensor, output_size: Any) -> Any:
        if self.dim() == dims + 1:
            return unbatched(rec, self, lambda x: rule(rec, x, output_size))
        wanted = (output_size,) * dims if isinstance(output_size, int) else tuple(output_size)
        size = tuple(n if m is None else m for n, m in zip(self.shape[2:], wanted, strict=True))
        y = rec.op(op, AdaptivePoolAttrs(output_size=size), self)
        return (y, torch.empty(y.shape, dtype=torch.int64, device="meta")) if op == "adaptive_max_pool" else y


for _dims in (1, 2, 3):
    _max_pool(_dims)
    _avg_pool(_dims)
    _adaptive_pool("adaptive_avg_pool", _dims)
    _adaptive_pool("adaptive_max_pool", _dims)
