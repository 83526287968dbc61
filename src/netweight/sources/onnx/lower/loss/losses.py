"""Losses."""

from __future__ import annotations

from typing import Any

from netweight.functions import loss
from netweight.functions.norm.softmax import log_softmax as logarithms
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.tensor import Tensor

_NO_CLASS = -100
"""What PyTorch ignores if nobody says what to ignore: a number that is not a class."""


def _settings(call: Call) -> dict[str, Any]:
    return {"reduction": call.attr("reduction", "mean"), "ignore_index": call.attr("ignore_index", _NO_CLASS)}


@lowers("NegativeLogLikelihoodLoss")
def nll_loss(call: Call, x: Tensor, target: Tensor, weight: Tensor | None = None) -> Any:
    return loss.nll_loss(call, x, target, weight, **_settings(call))


@lowers("SoftmaxCrossEntropyLoss")
def softmax_cross_entropy(call: Call, scores: Tensor, labels: Tensor, weights: Tensor | None = None) -> Any:
    """One operator, unless somebody reads the logarithms as well."""
    if not call.wants(1):
        return loss.cross_entropy(call, scores, labels, weights, **_settings(call)), None
    logs = logarithms(call, scores, 1)
    return nll_loss(call, logs, labels, weights), logs
