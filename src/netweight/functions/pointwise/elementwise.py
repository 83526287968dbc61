"""Functions of each element that take a tensor or a number, or choose their operator by their arguments.

A number beside a tensor becomes part of the operator where the table has one for that, else a constant of the
tensor's type. Functions that are always the same operator are in ``plain``.
"""

from __future__ import annotations

from typing import Any, TypeGuard

from netweight.functions.recorder import Recorder, T, from_front, is_number, layer_named
from netweight.ops.pointwise.blend import AddcAttrs, LerpAttrs
from netweight.ops.pointwise.gate import GluAttrs
from netweight.ops.pointwise.masking import MaskedFillAttrs
from netweight.ops.pointwise.scalar import PowScalarAttrs, ScalarAttrs
from netweight.ops.pointwise.unary import CastAttrs, ClampAttrs


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
    return rec.op("pow", None, *_tensors(rec, x, exponent))


def clamp(
    rec: Recorder,
    x: T,
    min: T | float | None = None,  # noqa: A002  -- PyTorch's name
    max: T | float | None = None,  # noqa: A002  -- PyTorch's name
) -> T:
    """No less than ``min``, no more than ``max``."""
    bounds: tuple[Any, Any] = min, max
    if all(bound is None or is_number(bound) for bound in bounds):
        return rec.op("clamp", ClampAttrs(min=bounds[0], max=bounds[1]), x)
    x = x if min is None else rec.op("maximum", None, *_tensors(rec, x, min))
    return x if max is None else rec.op("minimum", None, *_tensors(rec, x, max))


def hardtanh(rec: Recorder, x: T, min_val: float = -1.0, max_val: float = 1.0) -> T:
    """No less than ``min_val``, no more than ``max_val``; between 0 and 6 the operator of that name."""
    return rec.op("relu6", None, x) if (min_val, max_val) == (0, 6) else clamp(rec, x, float(min_val), float(max_val))


def eq(rec: Recorder, x: T, other: T | float) -> T:
    """x == other."""
    return rec.op("eq", None, *_tensors(rec, x, other))


def ne(rec: Recorder, x: T, other: T | float) -> T:
    """x != other."""
    return rec.op("ne", None, *_tensors(rec, x, other))


def lt(rec: Recorder, x: T, other: T | float) -> T:
    """x < other."""
    return rec.op("lt", None, *_tensors(rec, x, other))


def le(rec: Recorder, x: T, other: T | float) -> T:
    """x <= other."""
    return rec.op("le", None, *_tensors(rec, x, other))


def gt(rec: Recorder, x: T, other: T | float) -> T:
    """x > other."""
    return rec.op("gt", None, *_tensors(rec, x, other))


def ge(rec: Recorder, x: T, other: T | float) -> T:
    """x >= other."""
    return rec.op("ge", None, *_tensors(rec, x, other))


def where(rec: Recorder, condition: T, x: T | float, other: T | float) -> T:
    """``x`` where the condition is true, ``other`` elsewhere."""
    return rec.op("where", None, condition, *_tensors(rec, x, other))


def masked_fill(rec: Recorder, x: T, mask: T, value: float) -> T:
    """The value where the mask is true, ``x`` elsewhere."""
    return rec.op("masked_fill", MaskedFillAttrs(value=float(value)), x, mask)


def cast(rec: Recorder, x: T, dtype: str) -> T:
    """The values in another element type."""
    return rec.op("cast", CastAttrs(dtype=dtype), x)


def lerp(rec: Recorder, x: T, end: T, weight: T | float) -> T:
    """x + weight * (end - x)."""
    if is_number(weight):
        return rec.op("lerp", LerpAttrs(weight=float(weight)), x, end, None)
    return rec.op("lerp", LerpAttrs(), x, end, weight)


def addcmul(rec: Recorder, x: T, tensor1: T, tensor2: T, *, value: float = 1) -> T:
    """x + value * tensor1 * tensor2."""
    return rec.op("addcmul", AddcAttrs(value=float(value)), x, tensor1, tensor2)


def addcdiv(rec: Recorder, x: T, tensor1: T, tensor2: T, *, value: float = 1) -> T:
    """x + value * tensor1 / tensor2."""
    return rec.op("addcdiv", AddcAttrs(value=float(value)), x, tensor1, tensor2)


def logsigmoid(rec: Recorder, x: T) -> T:
    """Logarithm of the sigmoid."""
    return rec.op("log_sigmoid", None, x)


def glu(rec: Recorder, x: T, dim: int = -1) -> T:
    """One half of a dimension times the sigmoid of the other half."""
    return rec.op("glu", GluAttrs(dim=from_front(rec, x, dim)[0]), x)


def complex(rec: Recorder, real: T, imag: T) -> T:  # noqa: A001  -- PyTorch's name
    """real + i imag."""
    return rec.op("complex", None, real, imag)


def conj(rec: Recorder, x: T) -> T:
    """The imaginary part with its sign turned."""
    return rec.op("conj", None, x)


def view_as_real(rec: Recorder, x: T) -> T:
    """Both parts of complex numbers, side by side in a new last dimension."""
    return rec.op("view_as_real", None, x)


def view_as_complex(rec: Recorder, x: T) -> T:
    """Pairs along the last dimension as complex numbers."""
    return rec.op("view_as_complex", None, x)


def _arithmetic(rec: Recorder, op: str, with_number: str, x: Any, other: Any) -> Any:
    number, tensor = (x, other) if is_number(x) else (other, x)
    if _is_real(number):
        return rec.op(with_number, ScalarAttrs(value=float(number)), tensor)
    return rec.op(op, None, *_tensors(rec, x, other))


def _is_real(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float)


def _tensors(rec: Recorder, x: Any, other: Any) -> tuple[Any, Any]:
    """Both as tensors; a number as a constant in the type of the other one."""
    return rec.number(x, other) if is_number(x) else x, rec.number(other, x) if is_number(other) else other
