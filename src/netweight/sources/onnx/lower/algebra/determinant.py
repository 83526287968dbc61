"""Determinants."""

from __future__ import annotations

from typing import Any

from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.tensor import Tensor


@lowers("Det")
def det(call: Call, x: Tensor) -> Any:
    return call.op("det", None, x)
