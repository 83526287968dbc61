"""Group and instance normalisation."""

from __future__ import annotations

from netweight.functions.norm import group_norm as functions
from netweight.sources.build.core import Symbol
from netweight.sources.build.parameters import weight_and_bias


def group_norm(x: Symbol, num_groups: int, *, eps: float = 1e-5, affine: bool = True, name: str = "gn") -> Symbol:
    """Each sample by the mean and variance of ``num_groups`` groups of channels, over all of space.

    Args:
        x: (N, C, ...).
        num_groups: Divides C.
        eps: Added to the variance.
        affine: Whether to learn a weight and a bias per channel.
        name: Last part of the module path.
    """
    with x.builder.recording(name):
        parameters = weight_and_bias(x.builder, x.shape[1:2], weight=affine, bias=affine)
        return functions.group_norm(x.builder, x, num_groups, *parameters, eps)


def instance_norm(x: Symbol, *, eps: float = 1e-5, affine: bool = False, name: str = "instance_norm") -> Symbol:
    """Each channel of each sample by its mean and variance over space."""
    with x.builder.recording(name):
        return functions.instance_norm(
            x.builder, x, *weight_and_bias(x.builder, x.shape[1:2], weight=affine, bias=affine), eps
        )
