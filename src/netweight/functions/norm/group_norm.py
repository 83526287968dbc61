"""Group and instance normalisation over given weights."""

from __future__ import annotations

from netweight.functions.recorder import Recorder, T
from netweight.ops.norm.group_norm import GroupNormAttrs, InstanceNormAttrs

# Layers of the builder make the weights.
__all__: list[str] = []


def group_norm(
    rec: Recorder, x: T, num_groups: int, weight: T | None = None, bias: T | None = None, eps: float = 1e-5
) -> T:
    """By the mean and variance of groups of channels, over all of space."""
    return rec.op("group_norm", GroupNormAttrs(num_groups=num_groups, eps=eps), x, weight, bias)


def instance_norm(rec: Recorder, x: T, weight: T | None = None, bias: T | None = None, eps: float = 1e-5) -> T:
    """Channels of each sample by their mean and variance over space."""
    return rec.op("instance_norm", InstanceNormAttrs(eps=eps), x, weight, bias)
