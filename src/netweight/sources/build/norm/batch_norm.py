"""Batch normalisation."""

from __future__ import annotations

from netweight.functions.norm import batch_norm as functions
from netweight.sources.build.core import Symbol
from netweight.sources.build.parameters import ONES, ZEROS, size_of, weight_and_bias


def batch_norm(
    x: Symbol, *, eps: float = 1e-5, momentum: float = 0.1, affine: bool = True, inplace: bool = False,
    name: str = "bn",
) -> Symbol:  # fmt: skip
    """Each channel by its running mean and variance, or by those of the batch while training.

    >>> from netweight import build
    >>> build.graph(lambda x: build.batch_norm(x), (2, 8, 32, 32), name="one")
    <Graph 'one': 1 operator, x float32[2, 8, 32, 32] -> bn float32[2, 8, 32, 32]>

    Args:
        x: (N, C, ...).
        eps: Added to the variance.
        momentum: Share of a batch in the new running statistics.
        affine: Whether to learn a weight and a bias per channel.
        inplace: The output takes the memory of ``x``; not while training, whose gradient needs ``x``.
        name: Last part of the module path.
    """
    builder, shape = x.builder, (size_of(x, 1, "batch_norm"),)
    with builder.recording(name, inplace=inplace):
        weight, bias = weight_and_bias(builder, shape, weight=affine, bias=affine)
        mean = builder.own("running_mean", shape, ZEROS, kind="buffer")
        var = builder.own("running_var", shape, ONES, kind="buffer")
        builder.own("num_batches_tracked", (), ZEROS, kind="buffer", dtype="int64")
        y, *new = functions.batch_norm(builder, x, mean, var, weight, bias, builder.training, momentum, eps)
    builder.updates.update({old.name: new.name for old, new in zip((mean, var), new, strict=False)})
    return y
