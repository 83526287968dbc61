"""Functions of one number that NumPy lacks, or has in no form that is safe for large numbers."""

from __future__ import annotations

import math

from netweight.lazy import Array, np


def erf(x: Array) -> Array:
    """2 / sqrt(pi) * integral of exp(-t²) from 0 to x, number by number as the C library computes it."""
    y: Array = np.vectorize(math.erf, otypes=["d"])(x).astype(x.dtype)
    return y


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), with an exponential of negative numbers only: nothing overflows."""
    z = np.exp(-np.abs(x))
    y: Array = np.where(x >= 0, np.ones_like(z), z) / (1 + z)
    return y


def log1p_exp(x: Array) -> Array:
    """log(1 + exp(x)), with an exponential of negative numbers only: nothing overflows."""
    y: Array = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
    return y
