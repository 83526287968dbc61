"""Normalisation in programs that ``torch.export`` took apart: layers under the names of their kernels.

These kernels return statistics beside the result, for gradients alone. They are None here, so that a program that
reads them fails where it does so.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.norm.layers import batch_norm, group_norm, layer_norm
from netweight.sources.torch.recorder import Recorder


@lowers("native_layer_norm")
def native_layer_norm(
    rec: Recorder, input: Tensor, normalized_shape: Any, weight: Tensor | None, bias: Tensor | None, eps: float
) -> Any:
    """PyTorch's ``native_layer_norm``.

    native_layer_norm(Tensor input, SymInt[] normalized_shape, Tensor? weight, Tensor? bias, float eps) ->
        (Tensor, Tensor, Tensor)
    """
    return layer_norm(rec, input, normalized_shape, weight, bias, eps), None, None


@lowers("native_group_norm")
def native_group_norm(
    rec: Recorder, input: Tensor, weight: Tensor | None, bias: Tensor | None, N: int, C: int, HxW: int, group: int,  # noqa: N803
    eps: float,
) -> Any:  # fmt: skip
    """PyTorch's ``native_group_norm``.

    native_group_norm(Tensor input, Tensor? weight, Tensor? bias, SymInt N, SymInt C, SymInt HxW, int group, float
        eps) -> (Tensor, Tensor, Tensor)
    """
    return group_norm(rec, input, group, weight, bias, eps), None, None


@lowers("native_batch_norm", "_native_batch_norm_legit", "_batch_norm_with_update")
def native_batch_norm(
    rec: Recorder, input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None,
    running_var: Tensor | None, *flags: Any,
) -> Any:  # fmt: skip
    """PyTorch's ``native_batch_norm``.

    native_batch_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var, bool
        training, float momentum, float eps) -> (Tensor, Tensor, Tensor)
    """
    training, momentum, eps = flags if len(flags) == 3 else (True, *flags)
    y = batch_norm(rec, input, weight, bias, running_mean, running_var, training, momentum, eps, False)
    return (y, None, None) if len(flags) == 3 else (y, None, None, None)


@lowers("_native_batch_norm_legit.no_stats")
def batch_norm_of_its_own(
    rec: Recorder, input: Tensor, weight: Tensor | None, bias: Tensor | None, training: bool, momentum: float,
    eps: float,
) -> Any:  # fmt: skip
    """PyTorch's ``_native_batch_norm_legit.no_stats``.

    _native_batch_norm_legit.no_stats(Tensor input, Tensor? weight, Tensor? bias, bool training, float momentum,
        float eps) -> (Tensor, Tensor, Tensor)
    """
    return batch_norm(rec, input, weight, bias, None, None, True, momentum, eps, False), None, None


@lowers("_native_batch_norm_legit_no_training", "_batch_norm_no_update")
def batch_norm_at_inference(
    rec: Recorder, input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor,
    running_var: Tensor, momentum: float, eps: float,
) -> Any:  # fmt: skip
    """PyTorch's ``_native_batch_norm_legit_no_training``.

    _native_batch_norm_legit_no_training(Tensor input, Tensor? weight, Tensor? bias, Tensor running_mean, Tensor
        running_var, float momentum, float eps) -> (Tensor, Tensor, Tensor)
    """
    return batch_norm(rec, input, weight, bias, running_mean, running_var, False, momentum, eps, False), None, None
