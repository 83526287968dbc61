"""Normalisation of groups of channels."""

from __future__ import annotations

from netweight.ops.norm.group_norm import GroupNormAttrs, InstanceNormAttrs
from netweight.sources.build.core import Symbol
from netweight.sources.build.params import weight_and_bias


def group_norm(x: Symbol, num_groups: int, *, eps: float = 1e-5, affine: bool = True, name: str = "gn") -> Symbol:
    """Each sample by the mean and variance of ``num_groups`` groups of channels, over all of space.

    Args:
        x: (N, C, ...).
        num_groups: Divides C.
        eps: Added to the variance.
        affine: Whether to learn a weight and a bias per channel.
        name: Last part of the module path.
    """
    builder = x.builder
    layer = builder.layer_name(name)
    parameters = weight_and_bias(builder, layer, x.shape[1:2], weight=affine, bias=affine)
    attrs = GroupNormAttrs(num_groups=num_groups, eps=eps)
    return builder.call("group_norm", attrs, (x, *parameters), layer=layer)[0]


def instance_norm(x: Symbol, *, eps: float = 1e-5, affine: bool = False, name: str = "instance_norm") -> Symbol:
    """Each channel of each sample by its mean and variance over space."""
    builder = x.builder
    layer = builder.layer_name(name)
    parameters = weight_and_bias(builder, layer, x.shape[1:2], weight=affine, bias=affine)
    return builder.call("instance_norm", InstanceNormAttrs(eps=eps), (x, *parameters), layer=layer)[0]
