"""Normalisation."""

from __future__ import annotations

from netweight.ops.norm import LocalResponseNormAttrs
from netweight.sources.build.core import Symbol, call


def local_response_norm(
    x: Symbol, size: int, *, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0, name: str = "lrn"
) -> Symbol:
    """Each channel divided by a power of the mean square of ``size`` channels around it."""
    attrs = LocalResponseNormAttrs(size=size, alpha=alpha, beta=beta, k=k)
    return call("local_response_norm", attrs, x, name=name)
