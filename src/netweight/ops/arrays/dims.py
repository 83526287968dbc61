"""Dimensions that are split and merged, also those of arrays without elements: no size is left for NumPy to guess."""

from __future__ import annotations

import math

from netweight.lazy import Array


def split(x: Array, dim: int, parts: int) -> Array:
    """``x`` with dimension ``dim`` as (parts, size / parts)."""
    return x.reshape(*x.shape[:dim], parts, x.shape[dim] // parts, *x.shape[dim + 1 :])


def merged(x: Array, first: int, last: int | None = None) -> Array:
    """``x`` with the dimensions from ``first`` up to ``last``, without it, as one; up to the end if it is None."""
    last = x.ndim if last is None else last
    return x.reshape(*x.shape[:first], math.prod(x.shape[first:last]), *x.shape[last:])
