"""Normalisation."""

from __future__ import annotations

from netweight.ops.norm.batch_norm import BatchNormAttrs, BatchNormTrainingAttrs
from netweight.ops.norm.group_norm import GroupNormAttrs, InstanceNormAttrs
from netweight.ops.norm.layer_norm import LayerNormAttrs
from netweight.sources.build.core import Builder, Symbol
from netweight.sources.build.params import ONES, ZEROS


def batch_norm(
    x: Symbol,
    *,
    eps: float = 1e-5,
    momentum: float = 0.1,
    affine: bool = True,
    inplace: bool = False,
    name: str = "bn",
) -> Symbol:
    """Each channel by its running mean and variance, or by those of the batch while training.

    Args:
        x: (N, C, ...).
        eps: Added to the variance.
        momentum: Share of a batch in the new running statistics.
        affine: Whether to learn a weight and a bias per channel.
        inplace: The output takes the memory of ``x``; not while training, whose gradient needs ``x``.
        name: Last part of the module path.
    """
    builder = x.builder
    layer = builder.layer_name(name)
    shape = (x.shape[1],)
    weight, bias = _weight_and_bias(builder, layer, shape, weight=affine, bias=affine)
    mean = builder.state(layer, "running_mean", shape, ZEROS, kind="buffer")
    var = builder.state(layer, "running_var", shape, ONES, kind="buffer")
    builder.state(layer, "num_batches_tracked", (), ZEROS, kind="buffer", dtype="int64")
    if not builder.training:
        inputs = (x, mean, var, weight, bias)
        return builder.call("batch_norm", BatchNormAttrs(eps=eps), inputs, layer=layer, inplace=inplace)[0]
    attrs = BatchNormTrainingAttrs(eps=eps, momentum=momentum)
    y, new_mean, new_var = builder.call("batch_norm_training", attrs, (x, weight, bias, mean, var), layer=layer)
    builder.updates.update({mean.name: new_mean.name, var.name: new_var.name})
    return y


def layer_norm(x: Symbol, *, eps: float = 1e-5, bias: bool = True, dims: int = 1, name: str = "ln") -> Symbol:
    """Each sample or token by the mean and variance of its last ``dims`` dimensions, with learned weight and bias."""
    builder = x.builder
    layer = builder.layer_name(name)
    shape = x.shape[-dims:]
    parameters = _weight_and_bias(builder, layer, shape, weight=True, bias=bias)
    attrs = LayerNormAttrs(normalized_shape=shape, eps=eps)
    return builder.call("layer_norm", attrs, (x, *parameters), layer=layer)[0]


def rms_norm(x: Symbol, *, eps: float = 1e-6, dims: int = 1, name: str = "rms_norm") -> Symbol:
    """Each sample or token by the root mean square of its last ``dims`` dimensions, with a learned weight."""
    builder = x.builder
    layer = builder.layer_name(name)
    shape = x.shape[-dims:]
    weight, _ = _weight_and_bias(builder, layer, shape, weight=True, bias=False)
    attrs = LayerNormAttrs(normalized_shape=shape, eps=eps)
    return builder.call("rms_norm", attrs, (x, weight), layer=layer)[0]


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
    parameters = _weight_and_bias(builder, layer, x.shape[1:2], weight=affine, bias=affine)
    attrs = GroupNormAttrs(num_groups=num_groups, eps=eps)
    return builder.call("group_norm", attrs, (x, *parameters), layer=layer)[0]


def instance_norm(x: Symbol, *, eps: float = 1e-5, affine: bool = False, name: str = "instance_norm") -> Symbol:
    """Each channel of each sample by its mean and variance over space."""
    builder = x.builder
    layer = builder.layer_name(name)
    parameters = _weight_and_bias(builder, layer, x.shape[1:2], weight=affine, bias=affine)
    return builder.call("instance_norm", InstanceNormAttrs(eps=eps), (x, *parameters), layer=layer)[0]


def _weight_and_bias(
    builder: Builder, layer: str, shape: tuple[int, ...], *, weight: bool, bias: bool
) -> tuple[Symbol | None, Symbol | None]:
    """Parameters of ``layer`` that start as the identity."""
    return (
        builder.state(layer, "weight", shape, ONES) if weight else None,
        builder.state(layer, "bias", shape, ZEROS) if bias else None,
    )
