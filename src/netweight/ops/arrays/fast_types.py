"""Products of half-precision numbers and of integers, computed in a type whose products are fast.

NumPy multiplies matrices of single and double precision with BLAS, and all others one number at a time, 15 to 30 times
slower. Half-precision numbers are multiplied in single precision and rounded once. Integers are multiplied in single or
double precision where every sum on the way is a whole number that the type holds, so that the result is exact.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from netweight.lazy import Array, np

Restore: TypeAlias = Callable[[Array], Array]
_SINGLE, _DOUBLE = 1 << 24, 1 << 53
"""From here on a type leaves out whole numbers."""


def widened(a: Array, b: Array, axes: tuple[int, ...]) -> tuple[Array, Array, Restore]:
    """Both operands in a type whose products are fast, and what brings the result back to the type of the product.

    Args:
        a: One operand.
        b: The other one.
        axes: Dimensions of ``b`` whose products with ``a`` are added up.

    >>> from netweight.lazy import np
    >>> a, b, back = widened(np.array([[100]], np.int8), np.array([[100]], np.int32), (0,))
    >>> a.dtype.name, back(a @ b)
    ('float32', array([[10000]], dtype=int32))
    """
    made = _type_of_product(a, b)
    kind = _fast_type(a, b, made, axes)
    if kind is None:
        return a, b, lambda y: y.astype(made, copy=False) if a.dtype == b.dtype else y
    return a.astype(kind), b.astype(kind), _rounded(made) if made.kind not in "iu" else _whole(made)


def _type_of_product(a: Array, b: Array) -> np.dtype:
    return a.dtype if a.dtype == b.dtype else np.result_type(a.dtype, b.dtype)


def _fast_type(a: Array, b: Array, made: np.dtype, axes: tuple[int, ...]) -> type | None:
    """The type to compute in; None where NumPy's own product is as fast, or the only exact one."""
    if made.kind in "iu":
        most = _largest(a) * _largest(np.abs(b).sum(axes, dtype=np.int64))
        return np.float32 if most < _SINGLE else np.float64 if most < _DOUBLE else None
    half = made.itemsize == 2 and made.kind in "fV"
    return np.float32 if half and a.dtype == b.dtype else None


def _largest(x: Array) -> int:
    """The largest absolute value."""
    return max(-int(x.min()), int(x.max()), 1) if x.size else 1


def _rounded(made: np.dtype) -> Restore:
    return lambda y: y.astype(made)


def _whole(made: np.dtype) -> Restore:
    """Back to integers, round the corner where the sum has more bits than the type, as integers add up."""
    return lambda y: y.astype(np.int64).astype(made)
