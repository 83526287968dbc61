"""Values kept between bounds, and in other types."""

from __future__ import annotations

from typing import Any

from netweight.functions.recorder import Recorder, T, both, is_number
from netweight.ops.pointwise.unary import CastAttrs, ClampAttrs


def clamp(
    rec: Recorder,
    x: T,
    min: T | float | None = None,  # noqa: A002  -- PyTorch's name
    max: T | float | None = None,  # noqa: A002  -- PyTorch's name
) -> T:
    """No less than ``min``, no more than ``max``."""
    bounds: tuple[Any, Any] = min, max
    if all(bound is None or is_number(bound) for bound in bounds):
        return rec.op("clamp", ClampAttrs(min=bounds[0], max=bounds[1]), x)
    x = x if min is None else rec.op("maximum", None, *both(rec, x, min))
    return x if max is None else rec.op("minimum", None, *both(rec, x, max))


def hardtanh(rec: Recorder, x: T, min_val: float = -1.0, max_val: float = 1.0) -> T:
    """No less than ``min_val``, no more than ``max_val``; between 0 and 6 the operator of that name."""
    return rec.op("relu6", None, x) if (min_val, max_val) == (0, 6) else clamp(rec, x, float(min_val), float(max_val))


def cast(rec: Recorder, x: T, dtype: str) -> T:
    """The values in another element type."""
    return rec.op("cast", CastAttrs(dtype=dtype), x)
