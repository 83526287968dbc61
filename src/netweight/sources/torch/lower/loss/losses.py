"""Losses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from netweight.ops.loss.classes import CrossEntropyAttrs, MseLossAttrs
from netweight.ops.move.places import GatherAttrs
from netweight.ops.pointwise.activation_smooth import SoftplusAttrs
from netweight.ops.pointwise.scalar import ScalarAttrs
from netweight.ops.pointwise.unary import ClampAttrs
from netweight.ops.reduce.reduction import ReduceAttrs
from netweight.sources.torch.lower import RULES, lowers
from netweight.sources.torch.lower.common import binary, over, over_number
from netweight.sources.torch.lower.move.layout import squeeze, unsqueeze
from netweight.sources.torch.lower.pointwise.elementwise import add, mul, sub, where

if TYPE_CHECKING:
    from netweight.sources.torch.recorder import Recorder

_REDUCTIONS = ("none", "mean", "sum")
_NEVER = -100


def reduced(rec: Recorder, losses: Tensor, reduction: int) -> Any:
    """Losses of all positions, their mean or their sum, by PyTorch's number for it."""
    name = _REDUCTIONS[reduction]
    dims = tuple(range(losses.dim()))
    return losses if name == "none" else rec.op(name, ReduceAttrs(dims=dims), losses)


@lowers("cross_entropy_loss")
def cross_entropy(
    rec: Recorder, self: Tensor, target: Tensor, weight: Tensor | None = None, reduction: int = 1,
    ignore_index: int = _NEVER, label_smoothing: float = 0.0,
) -> Any:  # fmt: skip
    """Class numbers without weights; the rest is taken apart."""
    if weight is not None or target.dtype.is_floating_point or ignore_index >= 0 or self.dim() == 1:
        return NotImplemented
    attrs = CrossEntropyAttrs(reduction=_REDUCTIONS[reduction], label_smoothing=float(label_smoothing))  # type: ignore[arg-type]
    return rec.op("cross_entropy", attrs, self, target)


@lowers("nll_loss", "nll_loss_nd", "nll_loss2d")
def nll_loss(
    rec: Recorder, self: Tensor, target: Tensor, weight: Tensor | None = None, reduction: int = 1,
    ignore_index: int = _NEVER,
) -> Any:  # fmt: skip
    """The element of the target's class, its sign changed."""
    if weight is not None or ignore_index >= 0 or self.dim() == 1:
        return NotImplemented
    picked = rec.op("gather", GatherAttrs(dim=1), self, unsqueeze(rec, target, 1))
    return reduced(rec, over(rec, squeeze(rec, picked, 1), "neg"), reduction)


@lowers("mse_loss")
def mse_loss(rec: Recorder, self: Tensor, target: Tensor, reduction: int = 1) -> Any:
    if self.shape != target.shape:
        return reduced(rec, over(rec, sub(rec, self, target), "square"), reduction)
    return rec.op("mse_loss", MseLossAttrs(reduction=_REDUCTIONS[reduction]), self, target)  # type: ignore[arg-type]


@lowers("l1_loss")
def l1_loss(rec: Recorder, self: Tensor, target: Tensor, reduction: int = 1) -> Any:
    return reduced(rec, over(rec, sub(rec, self, target), "abs"), reduction)


@lowers("smooth_l1_loss")
def smooth_l1_loss(rec: Recorder, self: Tensor, target: Tensor, reduction: int = 1, beta: float = 1.0) -> Any:
    """Squares below ``beta``, absolute values above."""
    if beta == 0:
        return l1_loss(rec, self, target, reduction)
    return reduced(rec, _bent(rec, self, target, beta, 0.5 / beta, 1.0), reduction)


@lowers("huber_loss")
def huber_loss(rec: Recorder, self: Tensor, target: Tensor, reduction: int = 1, delta: float = 1.0) -> Any:
    """As smooth L1, ``delta`` times as large."""
    return reduced(rec, _bent(rec, self, target, delta, 0.5, delta), reduction)


def _bent(rec: Recorder, x: Tensor, target: Tensor, bend: float, curvature: float, slope: float) -> Any:
    gap = over(rec, sub(rec, x, target), "abs")
    inner = over_number(rec, rec.op("square", None, gap), "mul_scalar", curvature)
    outer = rec.op("add_scalar", ScalarAttrs(value=-0.5 * bend), gap)
    if slope != 1:
        outer = over_number(rec, outer, "mul_scalar", slope)
    return where(rec, binary(rec, "lt", gap, bend), inner, outer)


@lowers("binary_cross_entropy_with_logits")
def bce_with_logits(
    rec: Recorder, self: Tensor, target: Tensor, weight: Tensor | None = None, pos_weight: Tensor | None = None,
    reduction: int = 1,
) -> Any:  # fmt: skip
    """x (1 - t) + (1 + (p - 1) t) softplus(-x)."""
    negative = rec.op("neg", None, self)
    bent = over(rec, negative, "softplus", attrs=SoftplusAttrs(beta=1.0, threshold=1e9))
    if pos_weight is not None:
        factor = mul(rec, add(rec, pos_weight, -1), target)
        bent = mul(rec, bent, over_number(rec, factor, "add_scalar", 1))
    rest = rec.op("rsub_scalar", ScalarAttrs(value=1.0), target)
    losses = add(rec, mul(rec, rest, self), bent)
    return reduced(rec, losses if weight is None else mul(rec, losses, weight), reduction)


@lowers("binary_cross_entropy")
def bce(rec: Recorder, self: Tensor, target: Tensor, weight: Tensor | None = None, reduction: int = 1) -> Any:
    """-(t log(x) + (1 - t) log(1 - x)), logarithms no smaller than -100."""
    other = rec.op("rsub_scalar", ScalarAttrs(value=1.0), self)
    at_least = ClampAttrs(min=-100.0, max=None)
    logs = [over(rec, rec.op("log", None, x), "clamp", attrs=at_least) for x in (self, other)]
    rest = rec.op("rsub_scalar", ScalarAttrs(value=1.0), target)
    losses = over(rec, add(rec, mul(rec, target, logs[0]), mul(rec, rest, logs[1])), "neg")
    return reduced(rec, losses if weight is None else mul(rec, losses, weight), reduction)


@lowers("soft_margin_loss")
def soft_margin_loss(rec: Recorder, self: Tensor, target: Tensor, reduction: int = 1) -> Any:
    """log(1 + exp(-y x)), its mean or sum."""
    z = over(rec, over(rec, mul(rec, self, target), "neg"), "exp")
    loss = over(rec, z, "log1p")
    return loss if reduction == 0 else RULES["mean" if reduction == 1 else "sum"](rec, loss)
