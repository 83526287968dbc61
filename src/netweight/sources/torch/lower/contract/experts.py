"""What mixtures of experts are made of: counts of tokens, and products of all groups at once."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from netweight.functions.contract.products import matmul
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.common import cast
from netweight.sources.torch.lower.move.layout import unsqueeze
from netweight.sources.torch.lower.pointwise.elementwise import add
from netweight.sources.torch.recorder import Recorder


@lowers("_grouped_mm")
def grouped_mm(
    rec: Recorder, self: Tensor, mat2: Tensor, offs: Tensor | None = None, bias: Tensor | None = None,
    out_dtype: Any = None,
) -> Any:  # fmt: skip
    """Rows sorted by expert; a batch of matrices on both sides is a plain product."""
    if offs is None:
        y = matmul(rec, self, mat2)
    elif self.dim() == 2 and mat2.dim() == 3:
        y = rec.op("grouped_matmul", None, self, mat2, offs)
    else:
        return NotImplemented
    if bias is not None:
        y = add(rec, y, bias if bias.dim() == y.dim() else unsqueeze(rec, bias, -2))
    return y if out_dtype is None else cast(rec, y, out_dtype)
