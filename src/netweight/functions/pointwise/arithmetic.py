"""Sums, products, quotients and powers."""

from __future__ import annotations

from typing import Any, TypeGuard

from netweight.functions.recorder import Recorder, T, both, is_number, layer_named
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
    if _is_real(exponent):
        return rec.op("pow_scalar", PowScalarAttrs(exponent=float(exponent)), x)
    return rec.op("pow", None, *both(rec, x, exponent))


def _arithmetic(rec: Recorder, op: str, with_number: str, x: Any, other: Any) -> Any:
    number, tensor = (x, other) if is_number(x) else (other, x)
    if _is_real(number):
        return rec.op(with_number, ScalarAttrs(value=float(number)), tensor)
    return rec.op(op, None, *both(rec, x, other))


def _is_real(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float)
