"""One number in the place of masked elements.

Source: torch.masked_fill.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.lazy import np
from netweight.ops.pointwise.combinator import pointwise


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedFillAttrs:
    """Attributes of a masked fill.

    Attributes:
        value: What masked elements become.
    """

    value: float


MASKED_FILL = pointwise(
    "masked_fill", lambda attrs, x, mask: np.where(mask, np.full((), attrs.value, x.dtype), x), {"logics": 1},
    attrs=MaskedFillAttrs, flags=("mask",), x=(lambda grad, mask: grad * ~mask, {"logics": 1}),
)  # fmt: skip
