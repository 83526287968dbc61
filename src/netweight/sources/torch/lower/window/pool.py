"""Pooling, and windows laid side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from netweight.functions.window import adaptive_pool, pool, pool_average, pool_indices, unfold
from netweight.ops.window.pool_indices import UnpoolAttrs
from netweight.ops.window.unfold import WindowViewAttrs
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.move.layout import squeeze, unbatched, unsqueeze
from netweight.sources.torch.recorder import Recorder

aten = torch.ops.aten


def _bound(function: Callable[..., Any], rank: int, *names: str) -> None:
    """Register a function of batches; a single sample, a tensor of ``rank`` dimensions, becomes a batch of one."""

    @lowers(*names)
    def rule(rec: Recorder, self: Tensor, *args: Any, **named: Any) -> Any:
        if self.dim() == rank:
            parts = function(rec, unsqueeze(rec, self, 0), *args, **named)
            several = isinstance(parts, tuple)
            return tuple(squeeze(rec, part, 0) for part in parts) if several else squeeze(rec, parts, 0)
        return function(rec, self, *args, **named)


for _dims in (1, 2, 3):
    for _home, _name in (
        (pool, f"max_pool{_dims}d"),
        (pool_indices, f"max_pool{_dims}d_with_indices"),
        (pool_average, f"avg_pool{_dims}d"),
        (adaptive_pool, f"adaptive_avg_pool{_dims}d"),
    ):
        _bound(getattr(_home, _name), _dims + 1, _name)
_bound(adaptive_pool.adaptive_avg_pool2d, 3, "_adaptive_avg_pool2d")
_bound(adaptive_pool.adaptive_avg_pool3d, 4, "_adaptive_avg_pool3d")
_bound(unfold.unfold, 3, "im2col")


def _adaptive_max_pool(dims: int) -> None:
    @lowers(f"adaptive_max_pool{dims}d")
    def rule(rec: Recorder, self: Tensor, output_size: Any) -> Any:
        """The pooled elements; nothing in the place of their positions."""
        function = getattr(adaptive_pool, f"adaptive_max_pool{dims}d")
        if self.dim() == dims + 1:
            return unbatched(rec, self, lambda x: function(rec, x, output_size)), None
        return function(rec, self, output_size), None


def _max_unpool(dims: int) -> None:
    @lowers(f"max_unpool{dims}d")
    def rule(rec: Recorder, self: Tensor, indices: Tensor, output_size: Any, *_window: Any) -> Any:
        attrs = UnpoolAttrs(output_size=tuple(output_size))
        if self.dim() == dims + 1:
            x, places = (unsqueeze(rec, part, 0) for part in (self, indices))
            return squeeze(rec, rec.op("max_unpool", attrs, x, places), 0)
        return rec.op("max_unpool", attrs, self, indices)


for _dims in (1, 2, 3):
    _adaptive_max_pool(_dims)
for _dims in (2, 3):
    _max_unpool(_dims)


@lowers("unfold")
def windows(rec: Recorder, self: Tensor, dimension: int, size: int, step: int) -> Any:
    """``unfold(Tensor(a) self, int dimension, int size, int step) -> Tensor(a)``."""
    if self.dim() == 0:
        return NotImplemented
    result = rec.native(aten.unfold, self, dimension, size, step)
    return rec.view(result, self, ("window_view", WindowViewAttrs(dim=dimension % self.dim(), size=size, step=step)))


@lowers("col2im")
def col2im(
    rec: Recorder, self: Tensor, output_size: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any
) -> Any:
    """PyTorch's ``col2im``.

    col2im(Tensor self, SymInt[2] output_size, int[2] kernel_size, int[2] dilation, int[2] padding, int[2] stride)
        -> Tensor
    """
    size = (output_size,) * 2 if isinstance(output_size, int) else tuple(output_size)
    window = (size * 2 if len(size) == 1 else size, kernel_size, dilation, padding, stride)
    if self.dim() == 2:
        return unbatched(rec, self, lambda x: unfold.fold(rec, x, *window))
    return unfold.fold(rec, self, *window)
