"""Which type the arithmetic of an operator is done in."""

from __future__ import annotations

from collections.abc import Iterable

from netweight.ir import TensorSpec, is_floating


def arithmetic_dtype(specs: Iterable[TensorSpec | None]) -> str:
    """Type the arithmetic is done in: floating where an input is, else that of the first input."""
    first = ""
    for spec in specs:
        if spec is not None:
            if is_floating(spec.dtype):
                return spec.dtype
            first = first or spec.dtype
    return first or "float32"
