"""Einstein sums."""

from __future__ import annotations

from netweight.errors import ShapeError
from netweight.functions.recorder import Recorder, T
from netweight.ops.contract.einsum import EinsumAttrs, canonical_equation


def einsum(rec: Recorder, equation: str, *xs: T) -> T:
    """Einstein sum: ``einsum("bhqe,bhke->bhqk", query, key)``.

    Args:
        rec: Where it is recorded.
        equation: As PyTorch and NumPy accept it, an ellipsis having equal sizes everywhere.
        *xs: One tensor or more, contracted from left to right.

    Raises:
        ShapeError: If the equation does not fit the tensors.
    """
    if not xs:
        raise ShapeError("einsum: expected at least one tensor, got none")
    attrs = EinsumAttrs(equation=canonical_equation(equation, [len(rec.spec(x).shape) for x in xs]))
    return rec.op("einsum", attrs, *xs)
