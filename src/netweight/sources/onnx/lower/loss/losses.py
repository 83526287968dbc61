"""Losses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netweight.ops.loss.classes import CrossEntropyAttrs
from netweight.ops.loss.likelihood import NllLossAttrs
from netweight.ops.norm.softmax import SoftmaxAttrs
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.tensor import Tensor

if TYPE_CHECKING:
    from netweight.sources.onnx.call import Call

_NO_CLASS = -100
"""What PyTorch ignores if nobody says what to ignore: a number that is no class."""


@lowers("NegativeLogLikelihoodLoss")
def nll_loss(call: Call, x: Tensor, target: Tensor, weight: Tensor | None = None) -> Any:
    attrs = NllLossAttrs(reduction=call.attr("reduction", "mean"), ignore_index=call.attr("ignore_index", _NO_CLASS))
    return call.op("nll_loss", attrs, x, target, weight)


@lowers("SoftmaxCrossEntropyLoss")
def softmax_cross_entropy(call: Call, scores: Tensor, labels: Tensor, weights: Tensor | None = None) -> Any:
    """One operator if there are neither weights nor classes to ignore, and nobody reads the logarithms."""
    if weights is None and "ignore_index" not in call.attributes and not call.wants(1):
        attrs = CrossEntropyAttrs(reduction=call.attr("reduction", "mean"))
        return call.op("cross_entropy", attrs, scores, labels), None
    logs = call.op("log_softmax", SoftmaxAttrs(dim=1), scores)
    return nll_loss(call, logs, labels, weights), logs
