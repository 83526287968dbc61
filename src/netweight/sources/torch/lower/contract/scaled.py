"""Matrix products of integers and of numbers of eight bits, scaled back."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.functions.contract.products import matmul
from netweight.sources.torch.lower import lowers, one_kernel
from netweight.sources.torch.lower.common import cast
from netweight.sources.torch.lower.pointwise.elementwise import add, mul
from netweight.sources.torch.recorder import Recorder


@lowers("_int_mm")
def int_mm(rec: Recorder, self: Tensor, mat2: Tensor) -> Any:
    """``_int_mm(Tensor self, Tensor mat2) -> Tensor``, added up in 32 bits."""
    return rec.op("integer_matmul", None, self, mat2, None, None)


@lowers("_scaled_mm")
@one_kernel
def scaled_mm(
    rec: Recorder, self: Tensor, mat2: Tensor, scale_a: Tensor, scale_b: Tensor, bias: Tensor | None = None,
    scale_result: Tensor | None = None, out_dtype: torch.dtype | None = None, use_fast_accum: bool = False,
) -> Any:  # fmt: skip
    """The product of what both stand for, in float32; one scale for all, one for each row of ``self`` and column.

    _scaled_mm(Tensor self, Tensor mat2, Tensor scale_a, Tensor scale_b, Tensor? bias=None, Tensor? scale_result=None,
        ScalarType? out_dtype=None, bool use_fast_accum=False) -> Tensor
    """
    scales = [scale for scale in (scale_a, scale_b, scale_result) if scale is not None]
    if any(scale.numel() > 1 and scale.dtype != torch.float32 for scale in scales):  # a scale for each block
        return NotImplemented
    y = matmul(rec, cast(rec, self, torch.float32), cast(rec, mat2, torch.float32))
    for scale in scales:
        y = mul(rec, y, scale)
    if bias is not None:
        y = add(rec, y, cast(rec, bias, torch.float32))
    return cast(rec, y, out_dtype or self.dtype)
