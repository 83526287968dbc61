"""Functions of each element."""

from __future__ import annotations

from netweight.functions.recorder import Recorder, T, from_front
from netweight.ops.pointwise.activation import CeluAttrs, ShrinkAttrs, ThresholdAttrs
from netweight.ops.pointwise.gate import GluAttrs
from netweight.ops.pointwise.masking import MaskedFillAttrs


def celu(rec: Recorder, x: T, alpha: float = 1.0) -> T:
    """x, or alpha * (exp(x / alpha) - 1) where x is negative."""
    return rec.op("celu", CeluAttrs(alpha=float(alpha)), x)


def logsigmoid(rec: Recorder, x: T) -> T:
    """Logarithm of the sigmoid."""
    return rec.op("log_sigmoid", None, x)


def softshrink(rec: Recorder, x: T, lambd: float = 0.5) -> T:
    """x moved by lambd towards zero, and zero within."""
    return rec.op("softshrink", ShrinkAttrs(lambd=float(lambd)), x)


def hardshrink(rec: Recorder, x: T, lambd: float = 0.5) -> T:
    """x, and zero up to an absolute value of lambd."""
    return rec.op("hardshrink", ShrinkAttrs(lambd=float(lambd)), x)


def threshold(rec: Recorder, x: T, threshold: float, value: float) -> T:
    """x above the threshold, else the value."""
    return rec.op("threshold", ThresholdAttrs(threshold=float(threshold), value=float(value)), x)


def tanhshrink(rec: Recorder, x: T) -> T:
    """x - tanh(x)."""
    return rec.op("tanhshrink", None, x)


def softsign(rec: Recorder, x: T) -> T:
    """x / (1 + abs(x))."""
    return rec.op("softsign", None, x)


def glu(rec: Recorder, x: T, dim: int = -1) -> T:
    """One half of a dimension times the sigmoid of the other half."""
    return rec.op("glu", GluAttrs(dim=from_front(rec, x, dim)[0]), x)


def masked_fill(rec: Recorder, x: T, mask: T, value: float) -> T:
    """The value where the mask is true, ``x`` elsewhere."""
    return rec.op("masked_fill", MaskedFillAttrs(value=value), x, mask)
