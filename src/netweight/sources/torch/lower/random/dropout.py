"""Dropout."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from netweight.ops.random.dropout import DropoutAttrs
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.recorder import Recorder


@lowers("feature_dropout", "feature_alpha_dropout")
def feature_dropout(rec: Recorder, input: Tensor, p: float, train: bool) -> Any:
    """``feature_dropout(Tensor input, float p, bool train) -> Tensor``: channels are dropped as a whole."""
    return rec.op("dropout", DropoutAttrs(p=p, features=True), input) if train and p else input


@lowers("dropout", "alpha_dropout")
def dropout(rec: Recorder, input: Tensor, p: float, train: bool) -> Any:
    """``dropout(Tensor input, float p, bool train) -> Tensor``."""
    if not train or p == 0:
        return input
    return rec.op("dropout", DropoutAttrs(p=p), input)


@lowers("native_dropout")
def native_dropout(rec: Recorder, input: Tensor, p: float, train: bool | None) -> Any:
    """``native_dropout(Tensor input, float p, bool? train) -> (Tensor, Tensor)``."""
    return dropout(rec, input, p, bool(train)), None
