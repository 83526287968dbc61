"""Losses: how far predictions are from their targets.

Shapes
    cross_entropy  x (N, C, ...), target (N, ...) of class numbers
    mse_loss       x and target of the same shape
    y              () for the reductions "mean" and "sum", else the shape of the target

Source: torch.nn.functional.cross_entropy, mse_loss; label smoothing, Szegedy et al. 2016, section 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from netweight.count import product
from netweight.errors import ShapeError, UsageError
from netweight.ir import TensorSpec, is_floating
from netweight.lazy import np
from netweight.ops.arrays.elementwise import work_of
from netweight.ops.norm.softmax import SoftmaxAttrs, log_softmax_cost, log_softmax_forward
from netweight.ops.reach import Mixes, Reach
from netweight.ops.table import FREE, Array, Cost, OpDef, Wanted, register

Reduction = Literal["mean", "sum", "none"]

_OVER_CLASSES = SoftmaxAttrs(dim=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossEntropyAttrs:
    """Attributes of cross entropy.

    Attributes:
        reduction: What becomes of the losses of all positions.
        label_smoothing: Share of the target that is spread evenly over all classes.
    """

    reduction: Reduction = "mean"
    label_smoothing: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MseLossAttrs:
    """Attributes of the mean square error.

    Attributes:
        reduction: What becomes of the squares of all elements.
    """

    reduction: Reduction = "mean"


def cross_entropy_shape(attrs: CrossEntropyAttrs, x: TensorSpec, target: TensorSpec) -> tuple[TensorSpec, TensorSpec]:
    """The reduced losses, and the logarithms of the probabilities."""
    if len(x.shape) < 2 or target.shape != (x.shape[0], *x.shape[2:]):
        raise ShapeError(f"cross_entropy: expected x (N, C, ...) and target (N, ...), got {x.shape} and {target.shape}")
    if is_floating(target.dtype):
        raise ShapeError(f"cross_entropy: expected class numbers of an integer type, got target of {target.dtype}")
    if not 0 <= attrs.label_smoothing <= 1:
        raise ShapeError(f"cross_entropy: expected 0 <= label_smoothing <= 1, got {attrs.label_smoothing}")
    return loss_spec("cross_entropy", attrs.reduction, target.shape, x.dtype), x


def cross_entropy_cost(attrs: CrossEntropyAttrs, x: TensorSpec, target: TensorSpec) -> Cost:
    """That of log-softmax over the classes, and of the reduction; picking the class of the target is free.

    Smoothing adds up the logarithms of all classes, and takes two multiplications and an add per position.
    """
    cost = log_softmax_cost(_OVER_CLASSES, x) + reduction_cost(attrs.reduction, target.numel)
    if not attrs.label_smoothing:
        return cost
    positions = product(positions=target.numel)
    return cost + Cost(adds=product(elements=x.numel) + positions, muls=product(positions=target.numel, each=2))


def cross_entropy_forward(attrs: CrossEntropyAttrs, x: Array, target: Array) -> tuple[Array, Array]:
    """Minus the logarithm of the probability of the target; (1 - s) of it and s of the mean over classes if smoothed.

    Raises:
        UsageError: If a class number is out of range.
    """
    check_classes("cross_entropy", x.shape[1], target)
    log_probs = log_softmax_forward(_OVER_CLASSES, x)
    losses = -np.take_along_axis(log_probs, np.expand_dims(target.astype(np.intp), 1), axis=1)[:, 0]
    if attrs.label_smoothing:
        losses = (1 - attrs.label_smoothing) * losses - attrs.label_smoothing * log_probs.mean(axis=1)
    return reduce_losses(attrs.reduction, losses), log_probs


def cross_entropy_backward(
    attrs: CrossEntropyAttrs, grad_y: Array, x: Array, target: Array, *, log_probs: Array
) -> tuple[Array, None]:
    """Probabilities less the smoothed target, times the gradient of each position's loss."""
    classes = np.arange(x.shape[1]).reshape(-1, *(1,) * (x.ndim - 2))
    picked = np.expand_dims(target, 1) == classes
    wanted = (1 - attrs.label_smoothing) * picked.astype(x.dtype) + attrs.label_smoothing / x.shape[1]
    grad_losses = grad_of_losses(attrs.reduction, grad_y, target)
    return np.expand_dims(grad_losses, 1) * (np.exp(log_probs) - wanted), None


def cross_entropy_backward_cost(attrs: CrossEntropyAttrs, wanted: Wanted, x: TensorSpec, _target: TensorSpec) -> Cost:
    """Per element an exponential, less what was wanted, times the gradient of the loss; for the mean its share."""
    if not wanted[0]:
        return FREE
    return work_of(x.numel, {"exps": 1, "adds": 1, "muls": 1}) + share_cost(attrs.reduction)


def mse_loss_shape(attrs: MseLossAttrs, x: TensorSpec, target: TensorSpec) -> TensorSpec:
    """The reduced losses."""
    if x.shape != target.shape:
        raise ShapeError(f"mse_loss: expected x and target of the same shape, got {x.shape} and {target.shape}")
    return loss_spec("mse_loss", attrs.reduction, x.shape, x.dtype)


def mse_loss_cost(attrs: MseLossAttrs, x: TensorSpec, _target: TensorSpec) -> Cost:
    """A subtraction and a square per element, and the reduction."""
    cost = Cost(adds=product(elements=x.numel), muls=product(elements=x.numel))
    return cost + reduction_cost(attrs.reduction, x.numel)


def mse_loss_forward(attrs: MseLossAttrs, x: Array, target: Array) -> Array:
    """(x - target)², reduced."""
    return reduce_losses(attrs.reduction, (x - target) ** 2)


def mse_loss_backward(attrs: MseLossAttrs, grad_y: Array, x: Array, target: Array) -> tuple[Array, Array]:
    """2 * (x - target) times the gradient of each element's loss; the opposite for the target."""
    grad_x = 2 * (x - target) * grad_of_losses(attrs.reduction, grad_y, x)
    return grad_x, -grad_x


def mse_loss_backward_cost(attrs: MseLossAttrs, wanted: Wanted, x: TensorSpec, _target: TensorSpec) -> Cost:
    """A subtraction and two products per element, for the mean its share; a change of sign for ``target``."""
    if not any(wanted):
        return FREE
    cost = work_of(x.numel, {"adds": 1, "muls": 2}) + share_cost(attrs.reduction)
    return cost + work_of(x.numel, {"adds": 1}) if wanted[1] else cost


def cross_entropy_reach(attrs: CrossEntropyAttrs, x: TensorSpec, _target: TensorSpec) -> Reach:
    """The classes are mixed, and everything where the losses are reduced."""
    return Mixes((1,) if attrs.reduction == "none" else tuple(range(len(x.shape))))


def loss_reach(attrs: Any, x: TensorSpec, *_others: TensorSpec | None) -> Reach:
    """Nothing is mixed but where the losses are reduced."""
    return Mixes(() if attrs.reduction == "none" else tuple(range(len(x.shape))))


def check_classes(op: str, classes: int, target: Array) -> None:
    """Refuse class numbers out of range.

    Raises:
        UsageError: If there is one.
    """
    wrong = target[(target < 0) | (target >= classes)]
    if wrong.size:
        raise UsageError(f"{op}: expected classes from 0 to {classes - 1}, got {wrong.flat[0]}")


def loss_spec(op: str, reduction: Reduction, shape: tuple[int, ...], dtype: str) -> TensorSpec:
    """What losses of that shape are reduced to."""
    if reduction not in ("mean", "sum", "none"):
        raise ShapeError(f"{op}: expected reduction 'mean', 'sum' or 'none', got {reduction!r}")
    return TensorSpec(shape if reduction == "none" else (), dtype)


def reduction_cost(reduction: Reduction, losses: int) -> Cost:
    """An add per loss, and for the mean one division."""
    match reduction:
        case "none":
            return Cost()
        case "sum":
            return Cost(adds=product(losses=losses))
        case "mean":
            return Cost(adds=product(losses=losses), divs=product(mean=1))


def share_cost(reduction: Reduction) -> Cost:
    """The division that gives every loss its share of the gradient of their mean."""
    return Cost(divs=product(mean=1)) if reduction == "mean" else FREE


def reduce_losses(reduction: Reduction, losses: Array) -> Array:
    """Mean or sum of all losses, or all of them."""
    match reduction:
        case "none":
            return losses
        case "sum":
            return np.asarray(losses.sum())
        case "mean":
            return np.asarray(losses.mean())


def grad_of_losses(reduction: Reduction, grad_y: Array, like: Array) -> Array:
    """Gradient of each loss; ``like`` gives their number and shape."""
    share = grad_y / like.size if reduction == "mean" else grad_y
    return np.broadcast_to(share, like.shape)


CROSS_ENTROPY = register(
    OpDef(
        name="cross_entropy",
        kind="loss",
        attrs=CrossEntropyAttrs,
        inputs=("x", "target"),
        shape=cross_entropy_shape,
        cost=cross_entropy_cost,
        forward=cross_entropy_forward,
        backward=cross_entropy_backward,
        backward_cost=cross_entropy_backward_cost,
        saves=("target", "log_probs"),
        extras=("log_probs",),
        reach=cross_entropy_reach,
    )
)

MSE_LOSS = register(
    OpDef(
        name="mse_loss",
        kind="loss",
        attrs=MseLossAttrs,
        inputs=("x", "target"),
        shape=mse_loss_shape,
        cost=mse_loss_cost,
        forward=mse_loss_forward,
        backward=mse_loss_backward,
        backward_cost=mse_loss_backward_cost,
        saves=("x", "target"),
        reach=loss_reach,
    )
)
