"""Einstein summation."""

from __future__ import annotations

from typing import Any

from netweight.functions.contract.einsum import einsum as einstein_sum
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.tensor import Tensor


@lowers("Einsum")
def einsum(call: Call, *tensors: Tensor) -> Any:
    return einstein_sum(call, call.need("equation"), *tensors)
