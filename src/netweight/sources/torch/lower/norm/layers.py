"""Normalisation, softmax, dropout."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.functions import norm
from netweight.ops.norm.batch_norm import BatchNormAttrs, BatchNormTrainingAttrs
from netweight.ops.norm.group_norm import GroupNormAttrs, InstanceNormAttrs
from netweight.ops.norm.layer_norm import LayerNormAttrs
from netweight.ops.random.dropout import DropoutAttrs
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
    if not training:
        return rec.op("batch_norm", BatchNormAttrs(eps=eps), input, running_mean, running_var, weight, bias)
    attrs = BatchNormTrainingAttrs(eps=eps, momentum=momentum)
    result = rec.op("batch_norm_training", attrs, input, weight, bias, running_mean, running_var)
    if running_mean is None or running_var is None:
        return result
    y, new_mean, new_var = result
    for buffer, new in ((running_mean, new_mean), (running_var, new_var)):
        rec.recording.updates[rec.recording.value_of(buffer)] = rec.recording.value_of(new)
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
    return rec.op("layer_norm", LayerNormAttrs(normalized_shape=tuple(normalized_shape), eps=eps), input, weight, bias)


@lowers("rms_norm")
def rms_norm(
    rec: Recorder, input: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: float | None = None
) -> Any:
    """``rms_norm(Tensor input, SymInt[] normalized_shape, Tensor? weight=None, float? eps=None) -> Tensor``."""
    smallest = torch.finfo(input.dtype).eps if eps is None else eps
    return rec.op("rms_norm", LayerNormAttrs(normalized_shape=tuple(normalized_shape), eps=smallest), input, weight)


@lowers("group_norm")
def group_norm(
    rec: Recorder, input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None,
    eps: float = 1e-5, cudnn_enabled: bool = True,
) -> Any:  # fmt: skip
    """PyTorch's ``group_norm``.

    group_norm(Tensor input, int num_groups, Tensor? weight=None, Tensor? bias=None, float
        eps=1.0000000000000001e-05, bool cudnn_enabled=True) -> Tensor
    """
    return rec.op("group_norm", GroupNormAttrs(num_groups=num_groups, eps=eps), input, weight, bias)


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
    return rec.op("instance_norm", InstanceNormAttrs(eps=eps), input, weight, bias)


def _softmax(name: str, *aten: str) -> None:
    @lowers(*aten)
    def rule(rec: Recorder, self: Tensor, dim: int, dtype: Any = None) -> Any:
        x = cast(rec, self, dtype) if isinstance(dtype, torch.dtype) else self
        return getattr(norm, name)(rec, x, dim % max(x.dim(), 1))


_softmax("softmax", "softmax.int", "_softmax", "_safe_softmax", "special_softmax")
_softmax("log_softmax", "log_softmax.int", "_log_softmax", "special_log_softmax")


@lowers("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout")
def dropout(rec: Recorder, input: Tensor, p: float, train: bool) -> Any:
    """``dropout(Tensor input, float p, bool train) -> Tensor``."""
    if not train or p == 0:
        return input
    return rec.op("dropout", DropoutAttrs(p=p), input)
