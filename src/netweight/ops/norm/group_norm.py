"""Normalisation of each sample over space and over groups of channels, or over space alone.

Shapes
    x, y          (N, C, *in), any number of spatial dimensions
    weight, bias  (C,) or None

Instance normalisation is group normalisation with one channel in each group.

Source: Wu & He 2018; Ulyanov et al. 2016; torch.nn.functional.group_norm, instance_norm.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops.dims import named_shape
from netweight.ops.extent import Extent, Mixes
from netweight.ops.norm.normalized import Groups, check_channels, register_norm


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupNormAttrs:
    """Attributes of group normalisation.

    Attributes:
        num_groups: Groups of neighbouring channels, each with a mean and a variance per sample.
        eps: Added to the variance.
    """

    num_groups: int
    eps: float = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceNormAttrs:
    """Attributes of instance normalisation.

    Attributes:
        eps: Added to the variance.
    """

    eps: float = 1e-5


def channel_groups(x: TensorSpec, num_groups: int) -> Groups:
    """``x`` as (N, groups, C / groups, *in), with a parameter for each channel."""
    n, c, *spatial = x.shape
    return Groups(
        shape=(n, num_groups, c // max(num_groups, 1), *spatial),
        dims=tuple(range(2, len(x.shape) + 1)),
        parameter=(1, c, *(1 for _ in spatial)),
        elements=named_shape(x, "n c *in"),
    )


def group_norm_extent(_attrs: GroupNormAttrs, x: TensorSpec, *_parameters: TensorSpec | None) -> Extent:
    """All positions of a sample and the channels of a group are mixed."""
    return Mixes(tuple(range(1, len(x.shape))))


def instance_norm_extent(_attrs: InstanceNormAttrs, x: TensorSpec, *_parameters: TensorSpec | None) -> Extent:
    """All positions of a channel are mixed."""
    return Mixes(tuple(range(2, len(x.shape))))


def _check_groups(attrs: GroupNormAttrs, x: TensorSpec, weight: TensorSpec | None, bias: TensorSpec | None) -> None:
    channels = check_channels("group_norm", x, weight=weight, bias=bias)
    if attrs.num_groups < 1 or channels % attrs.num_groups:
        raise ShapeError(f"group_norm: expected channels divisible by num_groups, got {channels}, {attrs.num_groups}")


def _check_space(_attrs: InstanceNormAttrs, x: TensorSpec, weight: TensorSpec | None, bias: TensorSpec | None) -> None:
    channels = check_channels("instance_norm", x, weight=weight, bias=bias)
    if 0 < x.numel <= x.shape[0] * channels:
        raise ShapeError(f"instance_norm: expected more than one element per channel, got x of shape {x.shape}")


_DIMS = {"x": "n c *in", "weight": "c", "bias": "c", "y": "n c *out"}

GROUP_NORM = register_norm(
    "group_norm",
    lambda attrs, x: channel_groups(x, attrs.num_groups),
    _check_groups,
    group_norm_extent,
    attrs=GroupNormAttrs,
    dims=_DIMS,
)
INSTANCE_NORM = register_norm(
    "instance_norm",
    lambda _attrs, x: channel_groups(x, x.shape[1]),
    _check_space,
    instance_norm_extent,
    attrs=InstanceNormAttrs,
    dims=_DIMS,
)
