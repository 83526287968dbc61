"""Elements replaced by a mask."""

from __future__ import annotations

from netweight.functions.recorder import Recorder, T
from netweight.ops.pointwise.masking import MaskedFillAttrs


def masked_fill(rec: Recorder, x: T, mask: T, value: float) -> T:
    """The value where the mask is true, ``x`` elsewhere."""
    return rec.op("masked_fill", MaskedFillAttrs(value=float(value)), x, mask)
