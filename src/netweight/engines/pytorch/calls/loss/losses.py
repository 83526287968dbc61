"""PyTorch's calls: losses."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F  # noqa: N812


def binary_cross_entropy(attrs: Any, x: Any, target: Any, weight: Any) -> Any:
    """PyTorch has no gradient of the weight."""
    return F.binary_cross_entropy(x, target, None if weight is None else weight.detach(), reduction=attrs.reduction)


def nll_loss(attrs: Any, x: Any, target: Any, weight: Any) -> Any:
    """PyTorch has no gradient of the weight."""
    weight = None if weight is None else weight.detach()
    return F.nll_loss(x, target.long(), weight, ignore_index=attrs.ignore_index, reduction=attrs.reduction)


def kl_div(attrs: Any, x: Any, target: Any) -> Any:
    """PyTorch warns of the mean over elements: taken here."""
    if attrs.reduction == "mean":
        return F.kl_div(x, target, reduction="none", log_target=attrs.log_target).mean()
    return F.kl_div(x, target, reduction=attrs.reduction, log_target=attrs.log_target)


def with_logits(attrs: Any, x: Any, target: Any, weight: Any, pos_weight: Any) -> Any:
    """PyTorch has no gradient of the weights."""
    weight, pos_weight = (None if w is None else w.detach() for w in (weight, pos_weight))
    return F.binary_cross_entropy_with_logits(x, target, weight, reduction=attrs.reduction, pos_weight=pos_weight)


def cross_entropy(attrs: Any, x: Any, target: Any, weight: Any) -> Any:
    """PyTorch does not have a gradient of the weight."""
    return F.cross_entropy(
        x, target.long(), None if weight is None else weight.detach(), ignore_index=attrs.ignore_index,
        reduction=attrs.reduction, label_smoothing=attrs.label_smoothing,
    )  # fmt: skip


def mse_loss(attrs: Any, x: Any, target: Any) -> Any:
    return F.mse_loss(x, target, reduction=attrs.reduction)


CALLS = {
    "l1_loss": lambda attrs, x, target: F.l1_loss(x, target, reduction=attrs.reduction),
    "smooth_l1_loss": lambda attrs, x, target: F.smooth_l1_loss(x, target, reduction=attrs.reduction, beta=attrs.beta),
    "huber_loss": lambda attrs, x, target: F.huber_loss(x, target, reduction=attrs.reduction, delta=attrs.delta),
    "nll_loss": nll_loss,
    "kl_div": kl_div,
    "binary_cross_entropy": binary_cross_entropy,
    "binary_cross_entropy_with_logits": with_logits,
    "cross_entropy": cross_entropy,
    "mse_loss": mse_loss,
}
