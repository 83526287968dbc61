"""How NumPy holds the elements of a type.

NumPy has no integers of four bits: the next wider ones hold them. Its types for bfloat16 and for floating numbers of
four and eight bits come from ml_dtypes.
"""

from __future__ import annotations

import importlib
from typing import Any

from netweight.errors import UsageError
from netweight.ir import bits_of, is_floating
from netweight.lazy import Array, np


def container_of(dtype: str) -> str:
    """Integer type of NumPy that holds integers of any width.

    >>> container_of("uint4"), container_of("int32")
    ('uint8', 'int32')
    """
    width = next(width for width in (8, 16, 32, 64) if bits_of(dtype) <= width)
    return f"{'u' if dtype.startswith('u') else ''}int{width}"


def held_type(dtype: str) -> Any:
    """Type of NumPy that holds elements of ``dtype``.

    Raises:
        UsageError: If it is one that only ml_dtypes has, and that is not installed.
    """
    if _is_integer(dtype):
        return np.dtype(container_of(dtype))
    try:
        return np.dtype(dtype)
    except TypeError:
        try:
            return np.dtype(getattr(importlib.import_module("ml_dtypes"), dtype))
        except (ImportError, AttributeError) as missing:
            raise UsageError(f"dtype: expected ml_dtypes to be installed for {dtype}") from missing


def wrapped(x: Array, dtype: str) -> Array:
    """Integers brought into the range of ``dtype`` by leaving out the bits that it does not have; others as they are.

    >>> from netweight.lazy import np
    >>> wrapped(np.array([7, 8, -9], np.int8), "int4").tolist()
    [7, -8, 7]
    """
    if not _is_integer(dtype) or bits_of(dtype) == bits_of(container_of(dtype)):
        return x
    width = bits_of(dtype)
    low = x & (2**width - 1)
    return low if dtype.startswith("u") else (low ^ 2 ** (width - 1)) - 2 ** (width - 1)


def _is_integer(dtype: str) -> bool:
    return not is_floating(dtype) and dtype != "bool"
