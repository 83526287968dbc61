"""Normalisation with weights of its own."""

from __future__ import annotations

from netweight.functions import norm as functions
from netweight.sources.build.core import Builder, Symbol
from netweight.sources.build.parameters import ONES, ZEROS


def batch_norm(
    x: Symbol, *, eps: float = 1e-5, momentum: float = 0.1, affine: bool = True, inplace: bool = False,
    name: str = "bn",
) -> Symbol:  # fmt: skip
    """Each channel by its running mean and variance, or by those of the batch while training.

    Args:
        x: (N, C, ...).
        eps: Added to the variance.
        momentum: Share of a batch in the new running statistics.
        affine: Whether to learn a weight and a bias per channel.
        inplace: The output takes the memory of ``x``; not while training, whose gradient needs ``x``.
        name: Last part of the module path.
    """
    builder, shape = x.builder, (x.shape[1],)
    with builder.recording(name, inplace=inplace):
        weight, bias = _weight_and_bias(builder, shape, weight=affine, bias=affine)
        mean = builder.own("running_mean", shape, ZEROS, kind="buffer")
        var = builder.own("running_var", shape, ONES, kind="buffer")
        builder.own("num_batches_tracked", (), ZEROS, kind="buffer", dtype="int64")
        y, *new = functions.batch_norm(builder, x, mean, var, weight, bias, builder.training, momentum, eps)
    builder.updates.update({old.name: new.name for old, new in zip((mean, var), new, strict=False)})
    return y


def layer_norm(x: Symbol, *, eps: float = 1e-5, bias: bool = True, dims: int = 1, name: str = "ln") -> Symbol:
    """Each sample or token by the mean and variance of its last ``dims`` dimensions, with learned weight and bias."""
    shape = x.shape[-dims:]
    with x.builder.recording(name):
        parameters = _weight_and_bias(x.builder, shape, weight=True, bias=bias)
        return functions.layer_norm(x.builder, x, shape, *parameters, eps)


def rms_norm(x: Symbol, *, eps: float = 1e-6, dims: int = 1, name: str = "rms_norm") -> Symbol:
    """Each sample or token by the root mean square of its last ``dims`` dimensions, with a learned weight."""
    shape = x.shape[-dims:]
    with x.builder.recording(name):
        return functions.rms_norm(x.builder, x, shape, x.builder.own("weight", shape, ONES), eps)


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
        parameters = _weight_and_bias(x.builder, x.shape[1:2], weight=affine, bias=affine)
        return functions.group_norm(x.builder, x, num_groups, *parameters, eps)


def instance_norm(x: Symbol, *, eps: float = 1e-5, affine: bool = False, name: str = "instance_norm") -> Symbol:
    """Each channel of each sample by its mean and variance over space."""
    with x.builder.recording(name):
        return functions.instance_norm(
            x.builder, x, *_weight_and_bias(x.builder, x.shape[1:2], weight=affine, bias=affine), eps
        )


def _weight_and_bias(
    builder: Builder, shape: tuple[int, ...], *, weight: bool, bias: bool
) -> tuple[Symbol | None, Symbol | None]:
    """Parameters of a layer that start as the identity."""
    return builder.own("weight", shape, ONES) if weight else None, builder.own("bias", shape, ZEROS) if bias else None
