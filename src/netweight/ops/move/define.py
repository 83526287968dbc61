"""What operators that only move elements have in common: no work."""

from __future__ import annotations

from functools import partial

from netweight.ops.table import define, free

define_move = partial(define, kind="layout", cost=free)
"""Add an operator to the table that computes nothing."""
