"""Normalisation and softmax."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.functions.norm import batch_norm as by_batch
from netweight.functions.norm import group_norm as by_group
from netweight.functions.norm import layer_norm as by_layer
from netweight.functions.norm import softmax as functions
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.common import cast
from netweight.sources.torch.recorder import Recorder


@lowers("batch_norm")
def batch_norm(
    rec: Recorder, input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None,
    running_var: Tensor | None, training: bool, momentum: float, eps: float, cudnn_enabled: bool,
) -> Any:  # fmt: skip
    """PyTorch's ``batch_norm``.

    batch_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var, bool
        training, float momentum, float eps, bool cudnn_enabled) -> Tensor
    """
    y, *new = by_batch.batch_norm(rec, input, running_mean, running_var, weight, bias, training, momentum, eps)
    for buffer, value in zip((running_mean, running_var), new, strict=False):
        rec.recording.updates[rec.recording.value_of(buffer)] = rec.recording.value_of(value)
    return y


@lowers("layer_norm")
def layer_norm(
    rec: Recorder, input: Tensor, normalized_shape: Any, weight: Tensor | None = None, bias: Tensor | None = None,
    eps: float = 1e-5, cudnn_enable: bool = True,
) -> Any:  # fmt: skip
    """PyTorch's ``layer_norm``.

    layer_norm(Tensor input, SymInt[] normalized_shape, Tensor? weight=None, Tensor? bias=None, float
        eps=1.0000000000000001e-05, bool cudnn_enable=True) -> Tensor
    """
    return by_layer.layer_norm(rec, input, normalized_shape, weight, bias, eps)


@lowers("rms_norm")
def rms_norm(
    rec: Recorder, input: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: float | None = None
) -> Any:
    """``rms_norm(Tensor input, SymInt[] normalized_shape, Tensor? weight=None, float? eps=None) -> Tensor``."""
    smallest = torch.finfo(input.dtype).eps if eps is None else eps
    return by_layer.rms_norm(rec, input, normalized_shape, weight, smallest)


@lowers("group_norm")
def group_norm(
    rec: Recorder, input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None,
    eps: float = 1e-5, cudnn_enabled: bool = True,
) -> Any:  # fmt: skip
    """PyTorch's ``group_norm``.

    group_norm(Tensor input, int num_groups, Tensor? weight=None, Tensor? bias=None, float
        eps=1.0000000000000001e-05, bool cudnn_enabled=True) -> Tensor
    """
    return by_group.group_norm(rec, input, num_groups, weight, bias, eps)


@lowers("instance_norm")
def instance_norm(
    rec: Recorder, input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None,
    running_var: Tensor | None, use_input_stats: bool, momentum: float, eps: float, cudnn_enabled: bool,
) -> Any:  # fmt: skip
    """PyTorch's ``instance_norm``.

    instance_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var, bool
        use_input_stats, float momentum, float eps, bool cudnn_enabled) -> Tensor
    """
    if not use_input_stats:
        return batch_norm(rec, input, weight, bias, running_mean, running_var, False, momentum, eps, cudnn_enabled)
    if running_mean is not None:
        rec.recording.note("instance norm updates running statistics: the update is left out")
    return by_group.instance_norm(rec, input, weight, bias, eps)


def _softmax(name: str, *aten: str) -> None:
    @lowers(*aten)
    def rule(rec: Recorder, self: Tensor, dim: int, dtype: Any = None) -> Any:
        x = cast(rec, self, dtype) if isinstance(dtype, torch.dtype) else self
        return getattr(functions, name)(rec, x, dim % max(x.dim(), 1))


_softmax("softmax", "softmax.int", "_softmax", "_safe_softmax", "special_softmax")
_softmax("log_softmax", "log_softmax.int", "_log_softmax", "special_log_softmax")
