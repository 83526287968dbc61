"""Sorting and choosing: the largest elements, those that are not zero, those that differ."""

from __future__ import annotations

from typing import Any

from netweight.functions import order as functions
from netweight.sources.onnx.lower.common import cast_to
from netweight.sources.onnx.tensor import DependsOnDataError, Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers


@lowers("TOPK_V2")
def topk(call: TfliteCall, x: Tensor, k: Tensor) -> Any:
    """The largest elements of the last dimension, and where they are."""
    values, places = functions.topk(call, x, int(k.item()), dim=-1)
    dtype = call.outs[1].dtype if len(call.outs) > 1 else "int32"
    return values, cast_to(call, places, dtype)


@lowers("WHERE")
def where(call: TfliteCall, condition: Tensor) -> Any:
    """Positions of what is true: how many there are follows from numbers."""
    if not condition.known:
        raise DependsOnDataError(condition.label)
    count = int((condition.array() != 0).sum())
    return functions.nonzero(call, condition, count=count)


@lowers("UNIQUE")
def unique(_call: TfliteCall, x: Tensor) -> Any:
    """Elements that differ: how many there are follows from numbers."""
    raise DependsOnDataError(x.label)
