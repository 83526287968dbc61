"""Comparisons and the choice by them."""

from __future__ import annotations

from netweight.functions.recorder import Recorder, T, both


def eq(rec: Recorder, x: T, other: T | float) -> T:
    """x == other."""
    return rec.op("eq", None, *both(rec, x, other))


def ne(rec: Recorder, x: T, other: T | float) -> T:
    """x != other."""
    return rec.op("ne", None, *both(rec, x, other))


def lt(rec: Recorder, x: T, other: T | float) -> T:
    """x < other."""
    return rec.op("lt", None, *both(rec, x, other))


def le(rec: Recorder, x: T, other: T | float) -> T:
    """x <= other."""
    return rec.op("le", None, *both(rec, x, other))


def gt(rec: Recorder, x: T, other: T | float) -> T:
    """x > other."""
    return rec.op("gt", None, *both(rec, x, other))


def ge(rec: Recorder, x: T, other: T | float) -> T:
    """x >= other."""
    return rec.op("ge", None, *both(rec, x, other))


def where(rec: Recorder, condition: T, x: T | float, other: T | float) -> T:
    """``x`` where the condition is true, ``other`` elsewhere."""
    return rec.op("where", None, condition, *both(rec, x, other))
