"""Elements replaced where a mask says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from netweight.ops.pointwise.masking import MaskedFillAttrs
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.common import cast

if TYPE_CHECKING:
    from netweight.sources.torch.recorder import Recorder


@lowers("masked_fill.Scalar")
def masked_fill(rec: Recorder, self: Tensor, mask: Tensor, value: Any) -> Any:
    """``masked_fill.Scalar(Tensor self, Tensor mask, Scalar value) -> Tensor``."""
    if isinstance(value, complex):
        return NotImplemented
    return rec.op("masked_fill", MaskedFillAttrs(value=float(value)), self, cast(rec, mask, torch.bool))


@lowers("masked_fill.Tensor")
def masked_fill_with(rec: Recorder, self: Tensor, mask: Tensor, value: Tensor) -> Any:
    """``masked_fill.Tensor(Tensor self, Tensor mask, Tensor value) -> Tensor``."""
    chosen = cast(rec, value, self.dtype)
    return rec.op("where", None, cast(rec, mask, torch.bool), chosen, self, like=self)
