"""Batch normalisation."""

from __future__ import annotations

from netweight.ops.norm.batch_norm import BatchNormAttrs, BatchNormTrainingAttrs
from netweight.sources.build.core import Symbol
from netweight.sources.build.params import ONES, ZEROS, weight_and_bias


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
    weight, bias = weight_and_bias(builder, layer, shape, weight=affine, bias=affine)
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
