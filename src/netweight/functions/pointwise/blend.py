"""A tensor and two others blended into it."""

from __future__ import annotations

from netweight.functions.recorder import Recorder, T, is_number
from netweight.ops.pointwise.blend import AddcAttrs, LerpAttrs


def lerp(rec: Recorder, x: T, end: T, weight: T | float) -> T:
    """x + weight * (end - x)."""
    if is_number(weight):
        return rec.op("lerp", LerpAttrs(weight=float(weight)), x, end, None)
    return rec.op("lerp", LerpAttrs(), x, end, weight)


def addcmul(rec: Recorder, x: T, tensor1: T, tensor2: T, *, value: float = 1) -> T:
    """x + value * tensor1 * tensor2."""
    return rec.op("addcmul", AddcAttrs(value=float(value)), x, tensor1, tensor2)


def addcdiv(rec: Recorder, x: T, tensor1: T, tensor2: T, *, value: float = 1) -> T:
    """x + value * tensor1 / tensor2."""
    return rec.op("addcdiv", AddcAttrs(value=float(value)), x, tensor1, tensor2)
