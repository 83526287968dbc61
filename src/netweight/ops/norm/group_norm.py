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
from netweight.ops.norm.normalized import (
    Dims,
    affine,
    affine_backward,
    check_channels,
    normalize_backward_cost,
    normalize_cost,
    per_channel,
    standardize,
    standardize_backward,
)
from netweight.ops.table import Array, Cost, OpDef, Wanted, register


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


def group_norm_shape(
    attrs: GroupNormAttrs, x: TensorSpec, weight: TensorSpec | None, bias: TensorSpec | None
) -> tuple[TensorSpec, TensorSpec, TensorSpec]:
    """Same as ``x``; mean and rstd per sample and group."""
    channels = check_channels("group_norm", x, weight=weight, bias=bias)
    if attrs.num_groups < 1 or channels % attrs.num_groups:
        raise ShapeError(f"group_norm: expected channels divisible by num_groups, got {channels}, {attrs.num_groups}")
    statistic = TensorSpec((x.shape[0], attrs.num_groups, *(1,) * (len(x.shape) - 1)), x.dtype)
    return x, statistic, statistic


def group_norm_cost(attrs: GroupNormAttrs, x: TensorSpec, weight: TensorSpec | None, bias: TensorSpec | None) -> Cost:
    """Standard scores per sample and group, as ``normalize_cost`` says."""
    return normalize_cost(named_shape(x, "n c *in"), x.shape[0] * attrs.num_groups, weight, bias)


def group_norm_forward(
    attrs: GroupNormAttrs, x: Array, weight: Array | None, bias: Array | None
) -> tuple[Array, Array, Array]:
    """(x - mean) * rstd * weight + bias; mean and rstd."""
    grouped = _grouped(attrs, x)
    z, mean, rstd = standardize(grouped, _group_dims(grouped), attrs.eps)
    return affine(z.reshape(x.shape), per_channel(weight, x.ndim), per_channel(bias, x.ndim)), mean, rstd


def group_norm_backward(
    attrs: GroupNormAttrs,
    grad_y: Array,
    x: Array,
    weight: Array | None,
    bias: Array | None,
    *,
    mean: Array,
    rstd: Array,
) -> tuple[Array, Array | None, Array | None]:
    """Gradients of ``x``, ``weight`` and ``bias``."""
    grouped_z = (_grouped(attrs, x) - mean) * rstd
    z = grouped_z.reshape(x.shape)
    grad_z, grad_weight, grad_bias = affine_backward(
        grad_y, z, per_channel(weight, x.ndim), bias, (0, *range(2, x.ndim))
    )
    grad_x = standardize_backward(_grouped(attrs, grad_z), grouped_z, rstd, _group_dims(grouped_z))
    return grad_x.reshape(x.shape), grad_weight, grad_bias


def group_norm_backward_cost(
    attrs: GroupNormAttrs, wanted: Wanted, x: TensorSpec, weight: TensorSpec | None, bias: TensorSpec | None
) -> Cost:
    """That of standard scores per sample and group, as ``normalize_backward_cost`` says."""
    return normalize_backward_cost(named_shape(x, "n c *in"), x.shape[0] * attrs.num_groups, wanted, weight, bias)


def group_norm_extent(_attrs: GroupNormAttrs, x: TensorSpec, *_parameters: TensorSpec | None) -> Extent:
    """All positions of a sample and the channels of a group are mixed."""
    return Mixes(tuple(range(1, len(x.shape))))


def instance_norm_shape(
    attrs: InstanceNormAttrs, x: TensorSpec, weight: TensorSpec | None, bias: TensorSpec | None
) -> tuple[TensorSpec, TensorSpec, TensorSpec]:
    """Same as ``x``; mean and rstd per sample and channel."""
    channels = check_channels("instance_norm", x, weight=weight, bias=bias)
    if x.numel <= x.shape[0] * channels:
        raise ShapeError(f"instance_norm: expected more than one element per channel, got x of shape {x.shape}")
    return group_norm_shape(_one_per_channel(attrs, x), x, weight, bias)


def instance_norm_cost(
    attrs: InstanceNormAttrs, x: TensorSpec, weight: TensorSpec | None, bias: TensorSpec | None
) -> Cost:
    """Standard scores per sample and channel, as ``normalize_cost`` says."""
    return group_norm_cost(_one_per_channel(attrs, x), x, weight, bias)


def instance_norm_forward(
    attrs: InstanceNormAttrs, x: Array, weight: Array | None, bias: Array | None
) -> tuple[Array, Array, Array]:
    """(x - mean) * rstd * weight + bias; mean and rstd."""
    return group_norm_forward(_one_per_channel(attrs, x), x, weight, bias)


def instance_norm_backward(
    attrs: InstanceNormAttrs,
    grad_y: Array,
    x: Array,
    weight: Array | None,
    bias: Array | None,
    *,
    mean: Array,
    rstd: Array,
) -> tuple[Array, Array | None, Array | None]:
    """Gradients of ``x``, ``weight`` and ``bias``."""
    return group_norm_backward(_one_per_channel(attrs, x), grad_y, x, weight, bias, mean=mean, rstd=rstd)


def instance_norm_backward_cost(
    attrs: InstanceNormAttrs, wanted: Wanted, x: TensorSpec, weight: TensorSpec | None, bias: TensorSpec | None
) -> Cost:
    """That of standard scores per sample and channel, as ``normalize_backward_cost`` says."""
    return group_norm_backward_cost(_one_per_channel(attrs, x), wanted, x, weight, bias)


def instance_norm_extent(_attrs: InstanceNormAttrs, x: TensorSpec, *_parameters: TensorSpec | None) -> Extent:
    """All positions of a channel are mixed."""
    return Mixes(tuple(range(2, len(x.shape))))


def _one_per_channel(attrs: InstanceNormAttrs, x: TensorSpec | Array) -> GroupNormAttrs:
    return GroupNormAttrs(num_groups=x.shape[1], eps=attrs.eps)


def _grouped(attrs: GroupNormAttrs, x: Array) -> Array:
    """View ``x`` as (N, groups, C / groups, *in)."""
    return x.reshape(x.shape[0], attrs.num_groups, -1, *x.shape[2:])


def _group_dims(grouped: Array) -> Dims:
    return tuple(range(2, grouped.ndim))


_DIMS = {"x": "n c *in", "weight": "c", "bias": "c", "y": "n c *out"}

GROUP_NORM = register(
    OpDef(
        name="group_norm",
        kind="norm",
        attrs=GroupNormAttrs,
        inputs=("x", "weight", "bias"),
        shape=group_norm_shape,
        cost=group_norm_cost,
        forward=group_norm_forward,
        backward=group_norm_backward,
        backward_cost=group_norm_backward_cost,
        saves=("x", "weight", "mean", "rstd"),
        extras=("mean", "rstd"),
        extent=group_norm_extent,
        dims=_DIMS,
    )
)

INSTANCE_NORM = register(
    OpDef(
        name="instance_norm",
        kind="norm",
        attrs=InstanceNormAttrs,
        inputs=("x", "weight", "bias"),
        shape=instance_norm_shape,
        cost=instance_norm_cost,
        forward=instance_norm_forward,
        backward=instance_norm_backward,
        backward_cost=instance_norm_backward_cost,
        saves=("x", "weight", "mean", "rstd"),
        extras=("mean", "rstd"),
        extent=instance_norm_extent,
        dims=_DIMS,
    )
)
