"""Rearranging elements."""

from __future__ import annotations

import math

from netweight.ops.layout import ReshapeAttrs
from netweight.sources.build.core import Symbol, call


def reshape(x: Symbol, *shape: int, name: str = "reshape") -> Symbol:
    """Same elements under another shape; one size may be -1."""
    return call("reshape", ReshapeAttrs(shape=shape), x, name=name)


def flatten(x: Symbol, start_dim: int = 1, *, name: str = "flatten") -> Symbol:
    """All dimensions from ``start_dim`` on as one."""
    shape = (*x.shape[:start_dim], math.prod(x.shape[start_dim:]))
    return reshape(x, *shape, name=name)
