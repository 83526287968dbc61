"""Losses: the functions of the table, whose reductions ATen numbers."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from netweight.functions import loss
from netweight.sources.torch.lower import RULES, lowers
from netweight.sources.torch.lower.common import over
from netweight.sources.torch.lower.move.layout import reshaped
from netweight.sources.torch.lower.pointwise.elementwise import mul
from netweight.sources.torch.recorder import Recorder

_REDUCTIONS: tuple[Any, ...] = ("none", "mean", "sum")
_NEVER = -100


def _of_distance(name: str) -> None:
    function = getattr(loss, name)

    @lowers(name)
    def rule(rec: Recorder, self: Tensor, target: Tensor, reduction: int = 1, *bend: float, **named: Any) -> Any:
        if bend:
            named["delta" if name == "huber_loss" else "beta"] = bend[0]
        return function(rec, self, target, reduction=_REDUCTIONS[reduction], **named)


for _name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "kl_div"):
    _of_distance(_name)


@lowers("cross_entropy_loss")
def cross_entropy(
    rec: Recorder, self: Tensor, target: Tensor, weight: Tensor | None = None, reduction: int = 1,
    ignore_index: int = _NEVER, label_smoothing: float = 0.0,
) -> Any:  # fmt: skip
    """PyTorch's ``cross_entropy_loss``.

    cross_entropy_loss(Tensor self, Tensor target, Tensor? weight=None, int reduction=1, SymInt ignore_index=-100,
        float label_smoothing=0.) -> Tensor
    """

    def of_samples(x: Tensor, target: Tensor, reduction: Any) -> Any:
        return loss.cross_entropy(
            rec, x, target, weight, ignore_index=ignore_index, reduction=reduction, label_smoothing=label_smoothing
        )

    return _with_samples(rec, of_samples, self, target, reduction)


@lowers("nll_loss", "nll_loss_nd", "nll_loss2d")
def nll_loss(
    rec: Recorder, self: Tensor, target: Tensor, weight: Tensor | None = None, reduction: int = 1,
    ignore_index: int = _NEVER,
) -> Any:  # fmt: skip
    """PyTorch's ``nll_loss``.

    nll_loss(Tensor self, Tensor target, Tensor? weight=None, int reduction=1, SymInt ignore_index=-100) -> Tensor
    """

    def of_samples(x: Tensor, target: Tensor, reduction: Any) -> Any:
        return loss.nll_loss(rec, x, target, weight, ignore_index=ignore_index, reduction=reduction)

    return _with_samples(rec, of_samples, self, target, reduction)


def _with_samples(rec: Recorder, of_samples: Any, x: Tensor, target: Tensor, reduction: int) -> Any:
    """A loss of class scores (C,) is that of one sample (1, C)."""
    if x.dim() > 1:
        return of_samples(x, target, _REDUCTIONS[reduction])
    y = of_samples(reshaped(rec, x, (1, *x.shape)), reshaped(rec, target, (1, *target.shape)), _REDUCTIONS[reduction])
    return reshaped(rec, y, ()) if reduction == 0 else y


@lowers("binary_cross_entropy_with_logits")
def bce_with_logits(
    rec: Recorder, self: Tensor, target: Tensor, weight: Tensor | None = None, pos_weight: Tensor | None = None,
    reduction: int = 1,
) -> Any:  # fmt: skip
    """PyTorch's ``binary_cross_entropy_with_logits``.

    binary_cross_entropy_with_logits(Tensor self, Tensor target, Tensor? weight=None, Tensor? pos_weight=None, int
        reduction=1) -> Tensor
    """
    return loss.binary_cross_entropy_with_logits(
        rec, self, target, weight, reduction=_REDUCTIONS[reduction], pos_weight=pos_weight
    )


@lowers("binary_cross_entropy")
def bce(rec: Recorder, self: Tensor, target: Tensor, weight: Tensor | None = None, reduction: int = 1) -> Any:
    """``binary_cross_entropy(Tensor self, Tensor target, Tensor? weight=None, int reduction=1) -> Tensor``."""
    return loss.binary_cross_entropy(rec, self, target, weight, reduction=_REDUCTIONS[reduction])


@lowers("soft_margin_loss")
def soft_margin_loss(rec: Recorder, self: Tensor, target: Tensor, reduction: int = 1) -> Any:
    """log(1 + exp(-y x)), its mean or sum."""
    z = over(rec, over(rec, mul(rec, self, target), "neg"), "exp")
    losses = over(rec, z, "log1p")
    return losses if reduction == 0 else RULES["mean" if reduction == 1 else "sum"](rec, losses)
