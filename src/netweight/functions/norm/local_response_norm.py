"""Local response normalisation."""

from __future__ import annotations

from netweight.functions.recorder import Recorder, T
from netweight.ops.norm.local_response_norm import LocalResponseNormAttrs


def local_response_norm(rec: Recorder, x: T, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> T:
    """Each channel divided by a power of the mean square of ``size`` channels around it."""
    attrs = LocalResponseNormAttrs(size=size, alpha=float(alpha), beta=float(beta), k=float(k))
    return rec.op("local_response_norm", attrs, x)
