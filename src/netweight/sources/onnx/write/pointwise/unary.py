"""Functions of each element alone."""

from __future__ import annotations

import math

from netweight.ir import is_floating
from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.pointwise.common import in_floats
from netweight.sources.onnx.write.step import Step, proto_type

_ROUNDING = {"ceil": "Ceil", "floor": "Floor", "round": "Round"}
_ANY = {"abs": "Abs", "neg": "Neg", "sign": "Sign"}


def _rounding(name: str, op_type: str) -> None:
    @writes(name)
    def rule(step: Step) -> None:
        step.result(op_type if is_floating(step.x.dtype) else "Identity", *step.names)


def _any(name: str, op_type: str) -> None:
    @writes(name)
    def rule(step: Step) -> None:
        step.result("Identity" if step.x.dtype == "bool" else op_type, *step.names)


for _name, _op_type in _ROUNDING.items():
    _rounding(_name, _op_type)
for _name, _op_type in _ANY.items():
    _any(_name, _op_type)


@writes("square")
def square(step: Step) -> None:
    """Mul by itself."""
    step.result("Mul", step.names[0], step.names[0])


@writes("rsqrt")
def rsqrt(step: Step) -> None:
    """Reciprocal of Sqrt."""
    x, dtype = in_floats(step)
    step.finish(dtype, "Reciprocal", step.value("Sqrt", x))


@writes("trunc")
def trunc(step: Step) -> None:
    """Floor of the size, with the sign."""
    if not is_floating(step.x.dtype):
        step.result("Identity", *step.names)
        return
    x = step.names[0]
    step.result("Mul", step.value("Sign", x), step.value("Floor", step.value("Abs", x)))


@writes("clamp")
def clamp(step: Step) -> None:
    """Clip; whole numbers between fractions are clipped as floating ones."""
    bounds = step.attrs.min, step.attrs.max
    whole = all(bound is None or float(bound).is_integer() for bound in bounds)
    dtype = step.x.dtype if whole or is_floating(step.x.dtype) else "float64"
    low, high = ("" if bound is None else step.scalar(bound, dtype) for bound in bounds)
    step.finish(dtype, "Clip", step.typed(0, dtype), low, high)


@writes("cast")
def cast(step: Step) -> None:
    """Cast."""
    step.result("Cast", *step.names, to=proto_type(step.attrs.dtype))


@writes("cast_float8")
def cast_float8(step: Step) -> None:
    """Cast, which saturates unless told otherwise."""
    step.result("Cast", *step.names, to=proto_type(step.attrs.dtype), saturate=int(step.attrs.saturate))


@writes("exp2")
def exp2(step: Step) -> None:
    """2 to the power."""
    x, dtype = in_floats(step)
    step.finish(dtype, "Pow", step.scalar(2, dtype), x)


@writes("expm1")
def expm1(step: Step) -> None:
    """tanh(x / 2) * (exp(x) + 1), which near zero keeps what exp(x) - 1 loses; that itself where exp is large."""
    x, dtype = in_floats(step)
    grown = step.value("Exp", x)
    half = step.value("Tanh", step.value("Mul", x, step.scalar(0.5, dtype)))
    near = step.value("Mul", half, step.value("Add", grown, step.scalar(1, dtype)))
    far = step.value("Sub", grown, step.scalar(1, dtype))
    large = step.value("Greater", step.value("Abs", x), step.scalar(1, dtype))
    step.finish(dtype, "Where", large, far, near)


@writes("log1p")
def log1p(step: Step) -> None:
    """2 atanh(x / (x + 2)), which near zero keeps what log(1 + x) loses; that itself elsewhere."""
    x, dtype = in_floats(step)
    small = step.value("LessOrEqual", step.value("Abs", x), step.scalar(0.5, dtype))
    inside = step.value("Where", small, x, step.scalar(0, dtype))
    ratio = step.value("Div", inside, step.value("Add", inside, step.scalar(2, dtype)))
    near = step.value("Mul", step.value("Atanh", ratio), step.scalar(2, dtype))
    far = step.value("Log", step.value("Add", x, step.scalar(1, dtype)))
    step.finish(dtype, "Where", small, near, far)


def _log(name: str, base: float) -> None:
    @writes(name)
    def rule(step: Step) -> None:
        x, dtype = in_floats(step)
        step.finish(dtype, "Mul", step.value("Log", x), step.scalar(1 / math.log(base), dtype))


_log("log2", 2)
_log("log10", 10)


@writes("isnan")
def isnan(step: Step) -> None:
    """IsNaN."""
    step.result("IsNaN", in_floats(step)[0])


@writes("isinf")
def isinf(step: Step) -> None:
    """IsInf."""
    step.result("IsInf", in_floats(step)[0])


@writes("isfinite")
def isfinite(step: Step) -> None:
    """Neither NaN nor infinite: the distance to itself is zero."""
    x, dtype = in_floats(step)
    step.result("Equal", step.value("Sub", x, x), step.scalar(0, dtype))


@writes("bitcast")
def bitcast(step: Step) -> None:
    """BitCast came with operator set 26."""
    raise step.unsupported("before operator set 26")
