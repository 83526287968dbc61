"""Laws every operator obeys; public, so that users can test operators of their own."""

from netweight.testing.laws import (
    check_adjoint,
    check_backward,
    check_backward_cost,
    check_batch,
    check_formulas,
    check_saves,
    check_shape,
    specs_of,
)

__all__ = [
    "check_adjoint",
    "check_backward",
    "check_backward_cost",
    "check_batch",
    "check_formulas",
    "check_saves",
    "check_shape",
    "specs_of",
]
