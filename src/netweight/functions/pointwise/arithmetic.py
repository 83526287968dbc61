"""Sums, products, quotients and powers."""

from __future__ import annotations

from typing import Any

from netweight.functions.recorder import Recorder, T, both, is_number, is_real, layer_named
from netweight.ops.pointwise.scalar import PowScalarAttrs, ScalarAttrs


def add(rec: Recorder, x: T | float, other: T | float) -> T:
    """x + other."""
    return _arithmetic(rec, "add", "add_scalar", x, other)


def sub(rec: Recorder, x: T | float, other: T | float) -> T:
    """x - other."""
    if is_number(other):
        return _arithmetic(rec, "add", "add_scalar", x, -other)
    return _arithmetic(rec, "sub", "rsub_scalar", x, other)


def mul(rec: Recorder, x: T | float, other: T | float) -> T:
    """x * other."""
    return _arithmetic(rec, "mul", "mul_scalar", x, other)


def div(rec: Recorder, x: T | float, other: T | float) -> T:
    """x / other."""
    return _arithmetic(rec, "div", "div_scalar" if is_number(other) else "rdiv_scalar", x, other)


@layer_named("sub")
def rsub(rec: Recorder, x: T, other: T | float) -> T:
    """other - x."""
    return sub(rec, other, x)


@layer_named("div")
def rdiv(rec: Recorder, x: T, other: T | float) -> T:
    """other / x."""
    return div(rec, other, x)


def pow(rec: Recorder, x: T | float, exponent: T | float) -> T:  # noqa: A001  -- PyTorch's name
    """x ** exponent."""
    if is_real(exponent):
        return rec.op("pow_scalar", PowScalarAttrs(exponent=float(exponent)), x)
    return rec.op("pow", None, *both(rec, x, exponent))


def _arithmetic(rec: Recorder, op: str, with_number: str, x: Any, other: Any) -> Any:
    if is_real(other):
        return rec.op(with_number, ScalarAttrs(value=float(other)), x)
    if is_real(x):
        return rec.op(with_number, ScalarAttrs(value=float(x)), other)
    return rec.op(op, None, *both(rec, x, other))
