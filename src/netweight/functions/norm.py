"""Normalisation over given weights, and softmax."""

from __future__ import annotations

from collections.abc import Sequence

from netweight.functions.recorder import Recorder, T
from netweight.ops.norm.batch_norm import BatchNormAttrs, BatchNormTrainingAttrs
from netweight.ops.norm.group_norm import GroupNormAttrs, InstanceNormAttrs
from netweight.ops.norm.layer_norm import LayerNormAttrs
from netweight.ops.norm.local_response_norm import LocalResponseNormAttrs
from netweight.ops.norm.softmax import SoftmaxAttrs

# Layers of the builder make the weights of the others.
__all__ = ["local_response_norm", "log_softmax", "softmax"]


def softmax(rec: Recorder, x: T, dim: int = -1) -> T:
    """Positive numbers that add up to 1 along ``dim``."""
    return rec.op("softmax", SoftmaxAttrs(dim=dim), x)


def log_softmax(rec: Recorder, x: T, dim: int = -1) -> T:
    """Logarithm of softmax."""
    return rec.op("log_softmax", SoftmaxAttrs(dim=dim), x)


def local_response_norm(rec: Recorder, x: T, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> T:
    """Each channel divided by a power of the mean square of ``size`` channels around it."""
    attrs = LocalResponseNormAttrs(size=size, alpha=float(alpha), beta=float(beta), k=float(k))
    return rec.op("local_response_norm", attrs, x)


def batch_norm(
    rec: Recorder, x: T, running_mean: T | None, running_var: T | None, weight: T | None = None, bias: T | None = None,
    training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> tuple[T, ...]:  # fmt: skip
    """Channels by running statistics, or while training by those of the batch: then the new running ones come too."""
    if not training:
        return (rec.op("batch_norm", BatchNormAttrs(eps=eps), x, running_mean, running_var, weight, bias),)
    attrs = BatchNormTrainingAttrs(eps=eps, momentum=momentum)
    made = rec.op("batch_norm_training", attrs, x, weight, bias, running_mean, running_var)
    return made if isinstance(made, tuple) else (made,)


def layer_norm(
    rec: Recorder, x: T, normalized_shape: Sequence[int], weight: T | None = None, bias: T | None = None,
    eps: float = 1e-5,
) -> T:  # fmt: skip
    """By the mean and variance of the last dimensions, whose sizes are given."""
    return rec.op("layer_norm", LayerNormAttrs(normalized_shape=tuple(normalized_shape), eps=eps), x, weight, bias)


def rms_norm(rec: Recorder, x: T, normalized_shape: Sequence[int], weight: T | None = None, eps: float = 1e-6) -> T:
    """By the root mean square of the last dimensions, whose sizes are given."""
    return rec.op("rms_norm", LayerNormAttrs(normalized_shape=tuple(normalized_shape), eps=eps), x, weight)


def group_norm(
    rec: Recorder, x: T, num_groups: int, weight: T | None = None, bias: T | None = None, eps: float = 1e-5
) -> T:
    """By the mean and variance of groups of channels, over all of space."""
    return rec.op("group_norm", GroupNormAttrs(num_groups=num_groups, eps=eps), x, weight, bias)


def instance_norm(rec: Recorder, x: T, weight: T | None = None, bias: T | None = None, eps: float = 1e-5) -> T:
    """Channels of each sample by their mean and variance over space."""
    return rec.op("instance_norm", InstanceNormAttrs(eps=eps), x, weight, bias)
