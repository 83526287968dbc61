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
from netweight.testing.own_rules import check_rule
from netweight.testing.places import check_dims, check_extent, check_view

__all__ = [
    "check_adjoint",
    "check_backward",
    "check_backward_cost",
    "check_batch",
    "check_dims",
    "check_extent",
    "check_formulas",
    "check_rule",
    "check_saves",
    "check_shape",
    "check_view",
    "specs_of",
]
