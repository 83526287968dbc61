"""Pooling."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from torch import Tensor

from netweight.functions.recorder import per_dim
from netweight.ops.table import REGISTRY
from netweight.ops.window.adaptive_pool import AdaptivePoolAttrs
from netweight.ops.window.pool import PoolAttrs
from netweight.ops.window.pool_indices import PoolIndicesAttrs, UnpoolAttrs
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.move.layout import squeeze, unbatched, unsqueeze
from netweight.sources.torch.strides import channels_last

if TYPE_CHECKING:
    from netweight.sources.torch.recorder import Recorder


def _max_pool(dims: int) -> None:
    @lowers(f"max_pool{dims}d")
    def rule(rec: Recorder, self: Tensor, *window: Any, **named: Any) -> Any:
        if self.dim() == dims + 1:
            return unbatched(rec, self, lambda x: rule(rec, x, *window, **named))
        return rec.op("max_pool", PoolAttrs(**_window(dims, *window, **named)), self, order=channels_last(self))

    @lowers(f"max_pool{dims}d_with_indices")
    def with_indices(rec: Recorder, self: Tensor, *window: Any, **named: Any) -> Any:
        if self.dim() == dims + 1:
            return _unbatched(rec, self, lambda x: with_indices(rec, x, *window, **named))
        attrs = PoolIndicesAttrs(**_window(dims, *window, **named))
        return rec.op("max_pool_with_indices", attrs, self, order=channels_last(self))

    if dims == 1:
        return

    @lowers(f"max_unpool{dims}d")
    def unpool(rec: Recorder, self: Tensor, indices: Tensor, output_size: Any, *_window: Any) -> Any:
        if self.dim() == dims + 1:
            x, places = (unsqueeze(rec, part, 0) for part in (self, indices))
            return squeeze(rec, unpool(rec, x, places, output_size), 0)
        return rec.op("max_unpool", UnpoolAttrs(output_size=tuple(output_size)), self, indices)


def _window(
    dims: int, kernel_size: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> dict[str, Any]:
    kernel = per_dim(kernel_size, dims)
    return {
        "kernel_size": kernel,
        "stride": per_dim(stride, dims) if stride else kernel,
        "padding": tuple((p, p) for p in per_dim(padding, dims)),
        "dilation": per_dim(dilation, dims),
        "ceil_mode": ceil_mode,
    }


def _unbatched(rec: Recorder, x: Tensor, rule: Callable[[Tensor], Any]) -> Any:
    """As ``unbatched``, for several results."""
    return tuple(None if part is None else squeeze(rec, part, 0) for part in rule(unsqueeze(rec, x, 0)))


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
            several = _unbatched if op == "adaptive_max_pool" else unbatched
            return several(rec, self, lambda x: rule(rec, x, output_size))
        wanted = (output_size,) * dims if isinstance(output_size, int) else tuple(output_size)
        size = tuple(n if m is None else m for n, m in zip(self.shape[2:], wanted, strict=True))
        y = rec.op(op, AdaptivePoolAttrs(output_size=size), self)
        return (y, None) if op == "adaptive_max_pool" else y  # the positions are no value of the graph


for _dims in (1, 2, 3):
    _max_pool(_dims)
    _avg_pool(_dims)
    _adaptive_pool("adaptive_avg_pool", _dims)
    _adaptive_pool("adaptive_max_pool", _dims)
