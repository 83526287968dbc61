"""Batch normalisation over given weights."""

from __future__ import annotations

from netweight.functions.recorder import Recorder, T
from netweight.ops.norm.batch_norm import BatchNormAttrs, BatchNormTrainingAttrs

# Layers of the builder make the weights.
__all__: list[str] = []


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
