"""Comparisons and logic, with booleans for a result; choices; element types."""

from __future__ import annotations

from netweight.ir import Init
from netweight.ops.pointwise.unary import CastAttrs
from netweight.sources.build.core import Symbol, call


def eq(x: Symbol, other: Symbol | float, *, name: str = "eq") -> Symbol:
    """x == other."""
    return _comparison("eq", x, other, name)


def ne(x: Symbol, other: Symbol | float, *, name: str = "ne") -> Symbol:
    """x != other."""
    return _comparison("ne", x, other, name)


def lt(x: Symbol, other: Symbol | float, *, name: str = "lt") -> Symbol:
    """x < other."""
    return _comparison("lt", x, other, name)


def le(x: Symbol, other: Symbol | float, *, name: str = "le") -> Symbol:
    """x <= other."""
    return _comparison("le", x, other, name)


def gt(x: Symbol, other: Symbol | float, *, name: str = "gt") -> Symbol:
    """x > other."""
    return _comparison("gt", x, other, name)


def ge(x: Symbol, other: Symbol | float, *, name: str = "ge") -> Symbol:
    """x >= other."""
    return _comparison("ge", x, other, name)


def logical_and(x: Symbol, other: Symbol, *, name: str = "logical_and") -> Symbol:
    """Both are true; numbers other than zero are."""
    return call("logical_and", None, x, other, name=name)


def logical_or(x: Symbol, other: Symbol, *, name: str = "logical_or") -> Symbol:
    """One or both are true."""
    return call("logical_or", None, x, other, name=name)


def logical_xor(x: Symbol, other: Symbol, *, name: str = "logical_xor") -> Symbol:
    """Just one is true."""
    return call("logical_xor", None, x, other, name=name)


def logical_not(x: Symbol, *, name: str = "logical_not") -> Symbol:
    """It is not true."""
    return call("logical_not", None, x, name=name)


def where(condition: Symbol, x: Symbol, other: Symbol, *, name: str = "where") -> Symbol:
    """``x`` where the condition is true, ``other`` elsewhere."""
    return call("where", None, condition, x, other, name=name)


def cast(x: Symbol, dtype: str, *, name: str = "cast") -> Symbol:
    """The values in another element type."""
    return call("cast", CastAttrs(dtype=dtype), x, name=name)


def _comparison(op: str, x: Symbol, other: Symbol | float, name: str) -> Symbol:
    """Against a number: it becomes a constant of no dimensions in the type of ``x``."""
    builder = x.builder
    layer = builder.layer_name(name)
    if not isinstance(other, Symbol):
        init = Init(kind="values", values=(other,))
        other = builder.state(layer, "other", (), init, kind="constant", dtype=x.spec.dtype)
    return builder.call(op, None, (x, other), layer=layer)[0]
