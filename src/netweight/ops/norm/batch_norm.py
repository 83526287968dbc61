"""Batch normalisation: each channel by its mean and variance, known ones at inference, those of the batch in training.

Shapes
    x, y                        (N, C, *in), any number of spatial dimensions
    weight, bias                (C,) or None
    running_mean, running_var   (C,); in training None where nothing is tracked

Source: Ioffe & Szegedy 2015, algorithms 1 and 2; torch.nn.functional.batch_norm.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.count import product, total
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.extent import same_position
from netweight.ops.norm.normalized import (
    Dims,
    affine,
    affine_backward,
    check_channels,
    fixed_backward_cost,
    normalize_backward_cost,
    normalize_cost,
    per_channel,
    standardize,
    standardize_backward,
)
from netweight.ops.table import Cost, Wanted, define


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchNormAttrs:
    """Attributes of batch normalisation at inference.

    Attributes:
        eps: Added to the variance.
    """

    eps: float = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchNormTrainingAttrs:
    """Attributes of batch normalisation in training.

    Attributes:
        eps: Added to the variance.
        momentum: Share of this batch in the new running statistics.
    """

    eps: float = 1e-5
    momentum: float = 0.1


def batch_norm_shape(
    _attrs: BatchNormAttrs,
    x: TensorSpec,
    running_mean: TensorSpec,
    running_var: TensorSpec,
    weight: TensorSpec | None,
    bias: TensorSpec | None,
) -> TensorSpec:
    """Same as ``x``."""
    check_channels("batch_norm", x, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    return x


def batch_norm_cost(
    _attrs: BatchNormAttrs,
    x: TensorSpec,
    running_mean: TensorSpec,
    _running_var: TensorSpec,
    weight: TensorSpec | None,
    bias: TensorSpec | None,
) -> Cost:
    """The folded form: one multiplication and one add per element, and the folding once per channel.

    Folding a channel takes the add of eps, a reciprocal square root, a multiplication by the mean, one more by
    ``weight`` and an add of ``bias`` where there are these.
    """
    elements = product(elements=x.numel)
    channels = running_mean.numel
    return Cost(
        muls=total((elements, product(c=channels, folding=1 + (weight is not None)))),
        adds=total((elements, product(c=channels, folding=1 + (bias is not None)))),
        sqrts=product(c=channels),
    )


def batch_norm_forward(
    attrs: BatchNormAttrs,
    x: Array,
    running_mean: Array,
    running_var: Array,
    weight: Array | None,
    bias: Array | None,
) -> Array:
    """x * scale + shift with scale = weight / sqrt(running_var + eps), shift = bias - running_mean * scale."""
    scale = affine(1 / np.sqrt(running_var + attrs.eps), weight, None)
    shift = affine(-running_mean * scale, None, bias)
    return affine(x, per_channel(scale, x.ndim), per_channel(shift, x.ndim))


def batch_norm_backward(
    attrs: BatchNormAttrs,
    grad_y: Array,
    x: Array,
    running_mean: Array,
    running_var: Array,
    weight: Array | None,
    bias: Array | None,
) -> tuple[Array, Array, Array, Array | None, Array | None]:
    """Gradients of every tensor: the statistics are fixed numbers, but ``y`` does depend on them."""
    rank = x.ndim
    dims = _batch_dims(rank)
    rstd = 1 / np.sqrt(running_var + attrs.eps)
    z = (x - per_channel(running_mean, rank)) * per_channel(rstd, rank)
    grad_z, grad_weight, grad_bias = affine_backward(grad_y, z, per_channel(weight, rank), bias, dims)
    grad_mean = -rstd * grad_z.sum(axis=dims)
    grad_var = -rstd * rstd / 2 * (grad_z * z).sum(axis=dims)
    return grad_z * per_channel(rstd, rank), grad_mean, grad_var, grad_weight, grad_bias


def batch_norm_training_shape(
    _attrs: BatchNormTrainingAttrs,
    x: TensorSpec,
    weight: TensorSpec | None,
    bias: TensorSpec | None,
    running_mean: TensorSpec | None,
    running_var: TensorSpec | None,
) -> tuple[TensorSpec, ...]:
    """Same as ``x``, the new running statistics if there are any, and the statistics of the batch."""
    op = "batch_norm_training"
    channels = check_channels(op, x, weight=weight, bias=bias, running_mean=running_mean, running_var=running_var)
    if x.numel <= channels:
        raise ShapeError(f"{op}: expected more than one element per channel, got x of shape {x.shape}")
    if (running_mean is None) != (running_var is None):
        raise ShapeError(f"{op}: expected both running statistics or none, got {running_mean} and {running_var}")
    running = () if running_mean is None or running_var is None else (running_mean, running_var)
    statistic = TensorSpec((1, channels, *(1,) * (len(x.shape) - 2)), x.dtype)
    return x, *running, statistic, statistic


def batch_norm_training_cost(
    _attrs: BatchNormTrainingAttrs,
    x: TensorSpec,
    weight: TensorSpec | None,
    bias: TensorSpec | None,
    running_mean: TensorSpec | None,
    _running_var: TensorSpec | None,
) -> Cost:
    """Standard scores per channel: a mean, a variance, and per element the difference over the deviation.

    Each running statistic takes two multiplications and one add per channel.
    """
    cost = normalize_cost({"elements": x.numel}, x.shape[1], weight, bias)
    if running_mean is None:
        return cost
    return cost + Cost(
        muls=product(c=running_mean.numel, statistics=2, each=2), adds=product(c=running_mean.numel, statistics=2)
    )


def batch_norm_training_forward(
    attrs: BatchNormTrainingAttrs,
    x: Array,
    weight: Array | None,
    bias: Array | None,
    running_mean: Array | None,
    running_var: Array | None,
) -> tuple[Array, ...]:
    """y, then (1 - momentum) * running + momentum * that of the batch, with the unbiased variance; mean and rstd."""
    dims = _batch_dims(x.ndim)
    z, mean, rstd = standardize(x, dims, attrs.eps)
    y = affine(z, per_channel(weight, x.ndim), per_channel(bias, x.ndim))
    if running_mean is None or running_var is None:
        return y, mean, rstd
    keep, take = 1 - attrs.momentum, attrs.momentum
    new_mean = keep * running_mean + take * mean.reshape(-1)
    new_var = keep * running_var + take * x.var(axis=dims, ddof=1)
    return y, new_mean, new_var, mean, rstd


def batch_norm_training_backward(
    attrs: BatchNormTrainingAttrs,
    grad_y: Array | tuple[Array, ...],
    x: Array,
    weight: Array | None,
    bias: Array | None,
    running_mean: Array | None,
    _running_var: Array | None,
    *,
    mean: Array,
    rstd: Array,
) -> tuple[Array | None, ...]:
    """Gradients of every tensor; those of the new running statistics, zero in practice, are followed too."""
    dims = _batch_dims(x.ndim)
    grad_out, *grad_running = grad_y if isinstance(grad_y, tuple) else (grad_y,)
    z = (x - mean) * rstd
    grad_z, grad_weight, grad_bias = affine_backward(grad_out, z, per_channel(weight, x.ndim), bias, dims)
    grad_x = standardize_backward(grad_z, z, rstd, dims)
    if running_mean is None:
        return grad_x, grad_weight, grad_bias, None, None
    grad_mean, grad_var = (per_channel(grad, x.ndim) for grad in grad_running)
    count = x.size // x.shape[1]
    grad_x = grad_x + attrs.momentum * (grad_mean / count + 2 / (count - 1) * (x - mean) * grad_var)
    keep = 1 - attrs.momentum
    return grad_x, grad_weight, grad_bias, *(keep * grad for grad in grad_running)


def batch_norm_training_backward_cost(
    _attrs: BatchNormTrainingAttrs,
    wanted: Wanted,
    x: TensorSpec,
    weight: TensorSpec | None,
    bias: TensorSpec | None,
    *_running: TensorSpec | None,
) -> Cost:
    """Gradients of standard scores per channel, and of scale and shift."""
    cost = normalize_backward_cost({"elements": x.numel}, x.shape[1], wanted[:3], weight, bias)
    return cost + Cost(muls=product(c=x.shape[1], statistics=sum(wanted[3:]))) if any(wanted[3:]) else cost


def _batch_dims(rank: int) -> Dims:
    """All dimensions but that of the channels."""
    return (0, *range(2, rank))


_DIMS = {
    "x": "n c *in",
    "running_mean": "c",
    "running_var": "c",
    "weight": "c",
    "bias": "c",
    "y": "n c *out",
}

BATCH_NORM = define(
    name="batch_norm",
    kind="norm",
    attrs=BatchNormAttrs,
    inputs=("x", "running_mean", "running_var", "weight", "bias"),
    shape=batch_norm_shape,
    cost=batch_norm_cost,
    forward=batch_norm_forward,
    backward=batch_norm_backward,
    backward_cost=fixed_backward_cost,
    saves={
        "x": ("running_var", "weight"),
        "running_mean": ("running_var", "weight"),
        "running_var": ("x", "running_mean", "running_var", "weight"),
        "weight": ("x", "running_mean", "running_var"),
    },
    extent=same_position,
    dims=_DIMS,
)

BATCH_NORM_TRAINING = define(
    name="batch_norm_training",
    kind="norm",
    attrs=BatchNormTrainingAttrs,
    inputs=("x", "weight", "bias", "running_mean", "running_var"),
    shape=batch_norm_training_shape,
    cost=batch_norm_training_cost,
    forward=batch_norm_training_forward,
    backward=batch_norm_training_backward,
    backward_cost=batch_norm_training_backward_cost,
    saves=("x", "weight", "mean", "rstd"),
    extras=("mean", "rstd"),
    extent=same_position,
    dims=_DIMS,
)
