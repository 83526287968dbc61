"""Products of integers and real numbers as kernels without floating point compute them, to the bit.

A real number is a multiplier of 31 bits and a power of two: 0.3 is 1288490189 * 2^-31 * 2^-1. A product is rounded
twice: to the upper 32 of its 64 bits, halves up, then by the power of two, halves away from zero.

Source: TensorFlow Lite, "8-bit quantization specification" and its reference kernels; Jacob et al. 2018, section 2.3.
"""

from __future__ import annotations

from netweight.lazy import Array, np

_BITS = 31
_LEAST = -31
"""The smallest power of two; what is smaller is 0."""


def fixed_point(scale: Array) -> tuple[Array, Array]:
    """Multipliers and powers of two of real numbers from 0 on.

    >>> multiplier, shift = fixed_point(np.array([0.3, 1.0]))
    >>> multiplier.tolist(), shift.tolist()
    ([1288490189, 1073741824], [-1, 1])
    """
    fraction, shift = np.frexp(np.asarray(scale, np.float64))
    multiplier = np.floor(fraction * 2.0**_BITS + 0.5).astype(np.int64)
    full = multiplier == 1 << _BITS
    multiplier, shift = np.where(full, multiplier >> 1, multiplier), shift.astype(np.int64) + full
    none = shift < _LEAST
    return np.where(none, 0, multiplier), np.where(none, 0, shift)


def scaled(x: Array, multiplier: Array, shift: Array) -> Array:
    """x * multiplier * 2^-31 * 2^shift in whole numbers.

    Args:
        x: Integers of at most 32 bits.
        multiplier: From ``fixed_point``.
        shift: From ``fixed_point``.
    """
    wide = x.astype(np.int64) << np.maximum(shift, 0)
    upper = (wide * multiplier + (1 << (_BITS - 1))) >> _BITS
    right = np.maximum(-shift, 0)
    half = (np.int64(1) << right) >> 1
    return np.sign(upper) * ((np.abs(upper) + half) >> right)
