"""Matrix products and Einstein sums of symbols."""

from __future__ import annotations

from netweight.errors import ShapeError
from netweight.ops.contract.einsum import EinsumAttrs, canonical_equation
from netweight.sources.build.core import Symbol, call


def matmul(a: Symbol, b: Symbol, *, name: str = "matmul") -> Symbol:
    """Matrix product over the last two dimensions, the others broadcast; also ``a @ b``."""
    return call("matmul", None, a, b, name=name)


def einsum(equation: str, *xs: Symbol, name: str = "einsum") -> Symbol:
    """Einstein sum: ``einsum("bhqe,bhke->bhqk", query, key)``.

    Args:
        equation: As PyTorch and NumPy accept it, an ellipsis having equal sizes everywhere.
        *xs: One tensor or more, contracted from left to right.
        name: Last part of the module path.

    Raises:
        ShapeError: If the equation does not fit the tensors.
    """
    if not xs:
        raise ShapeError("einsum: expected at least one tensor, got none")
    attrs = EinsumAttrs(equation=canonical_equation(equation, [len(x.shape) for x in xs]))
    return call("einsum", attrs, *xs, name=name)
