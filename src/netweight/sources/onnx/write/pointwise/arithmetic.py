"""Arithmetic, comparisons and logic on tensors that broadcast, and on a tensor and a number."""

from __future__ import annotations

import math

from netweight.ir import is_floating
from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.pointwise.common import joined, together
from netweight.sources.onnx.write.step import Step


@writes("pow")
def pow_(step: Step) -> None:
    """Pow."""
    together(step, "Pow")


@writes("maximum", "minimum")
def extreme(step: Step) -> None:
    """Max or Min."""
    together(step, "Max" if step.node.op == "maximum" else "Min")


@writes("ne")
def ne(step: Step) -> None:
    """Equal, then Not."""
    step.result("Not", step.value("Equal", *joined(step)[1]))


@writes("div")
def div(step: Step) -> None:
    """Div; whole numbers are divided as floating ones, and what comes after the point is dropped."""
    dtype, parts = joined(step)
    if is_floating(dtype):
        step.result("Div", *parts)
        return
    floating = [step.cast(part, dtype, "float64") for part in parts]
    step.finish("float64", "Div", *floating)


@writes("floor_divide")
def floor_divide(step: Step) -> None:
    """Floor of the quotient; of whole numbers, what the remainder leaves is divided without one."""
    dtype, parts = joined(step)
    if is_floating(dtype):
        step.result("Floor", step.value("Div", *parts))
        return
    rest = step.value("Mod", *parts)
    step.result("Div", step.value("Sub", parts[0], rest), parts[1])


@writes("remainder")
def remainder(step: Step) -> None:
    """Mod of whole numbers, which has the divisor's sign; that of floating ones does not, so they are taken apart."""
    dtype, (x, other) = joined(step)
    if not is_floating(dtype):
        step.result("Mod", x, other)
        return
    rest = step.value("Mod", x, other, fmod=1)
    zero = step.scalar(0, dtype)
    turned = step.value("Xor", step.value("Less", rest, zero), step.value("Less", other, zero))
    wrong = step.value("And", turned, step.value("Not", step.value("Equal", rest, zero)))
    step.result("Where", wrong, step.value("Add", rest, other), rest)


@writes("fmod")
def fmod(step: Step) -> None:
    """Mod with the sign of what is divided."""
    step.result("Mod", *joined(step)[1], fmod=1)


@writes("logaddexp")
def logaddexp(step: Step) -> None:
    """The larger one, and log(1 + exp) of minus the distance."""
    _, (x, other) = joined(step)
    away = step.value("Neg", step.value("Abs", step.value("Sub", x, other)))
    step.result("Add", step.value("Max", x, other), step.value("Softplus", away))


@writes("atan2")
def atan2(step: Step) -> None:
    """Atan of the quotient, half a turn further left of the axis; a quarter turn on it."""
    dtype, (y, x) = joined(step)
    zero, half = step.scalar(0, dtype), step.scalar(math.pi, dtype)
    down, left, upright = step.value("Less", y, zero), step.value("Less", x, zero), step.value("Equal", x, zero)
    plain = step.value("Atan", step.value("Div", y, step.value("Where", upright, step.scalar(1, dtype), x)))
    moved = step.value("Where", down, step.value("Sub", plain, half), step.value("Add", plain, half))
    angle = step.value("Where", left, moved, plain)
    quarter = step.value("Mul", step.value("Sign", y), step.scalar(math.pi / 2, dtype))
    step.result("Where", upright, quarter, angle)


@writes("copysign")
def copysign(step: Step) -> None:
    """Abs, with the sign turned where the other is negative; minus zero passes for zero."""
    dtype, (x, other) = joined(step)
    size = step.value("Abs", x)
    step.result("Where", step.value("Less", other, step.scalar(0, dtype)), step.value("Neg", size), size)


@writes("bitwise_not")
def bitwise_not(step: Step) -> None:
    """BitwiseNot, Not of booleans."""
    step.result("Not" if step.x.dtype == "bool" else "BitwiseNot", *step.names)


def _shift(name: str, direction: str) -> None:
    @writes(name)
    def rule(step: Step) -> None:
        """Of numbers with a sign the bits are shifted; to the right, those of negative ones turned there and back."""
        dtype, (x, other) = joined(step)
        if dtype.startswith("uint"):
            step.result("BitShift", x, other, direction=direction)
            return
        unsigned = f"u{dtype}"
        below = step.value("Less", x, step.scalar(0, dtype))
        whole = step.value("Where", below, step.value("BitwiseNot", x), x) if direction == "RIGHT" else x
        parts = (step.cast(part, dtype, unsigned) for part in (whole, other))
        moved = step.cast(step.value("BitShift", *parts, direction=direction), unsigned, dtype)
        if direction == "RIGHT":
            step.result("Where", below, step.value("BitwiseNot", moved), moved)
        else:
            step.as_result(moved)


_shift("bitwise_left_shift", "LEFT")
_shift("bitwise_right_shift", "RIGHT")


@writes("where")
def where(step: Step) -> None:
    """Where."""
    step.result("Where", step.typed(0, "bool"), step.typed(1, step.y.dtype), step.typed(2, step.y.dtype))


@writes("masked_fill")
def masked_fill(step: Step) -> None:
    """Where, with a number."""
    step.result("Where", step.typed(1, "bool"), step.scalar(step.attrs.value), step.names[0])


@writes("lerp")
def lerp(step: Step) -> None:
    """x + weight * (end - x)."""
    share = step.typed(2, step.y.dtype) if step.reads[2] is not None else step.scalar(step.attrs.weight, step.y.dtype)
    x, end = step.typed(0, step.y.dtype), step.typed(1, step.y.dtype)
    step.result("Add", x, step.value("Mul", share, step.value("Sub", end, x)))


def _blend(name: str, op_type: str) -> None:
    @writes(name)
    def rule(step: Step) -> None:
        dtype = step.y.dtype
        x, first, second = (step.typed(at, dtype) for at in range(3))
        if step.attrs.value != 1:
            first = step.value("Mul", first, step.scalar(step.attrs.value, dtype))
        step.result("Add", x, step.value(op_type, first, second))


_blend("addcmul", "Mul")
_blend("addcdiv", "Div")


def _scalar(name: str, op_type: str, *, turned: bool = False) -> None:
    @writes(name)
    def rule(step: Step) -> None:
        dtype = step.x.dtype
        number = step.attrs.exponent if name == "pow_scalar" else step.attrs.value
        whole = float(number).is_integer() and name in ("add_scalar", "mul_scalar", "rsub_scalar")
        work = dtype if is_floating(dtype) or (whole and dtype != "bool") else "float64"
        parts = [step.typed(0, work), step.scalar(number, work)]
        step.finish(work, op_type, *parts[:: -1 if turned else 1])


_scalar("add_scalar", "Add")
_scalar("mul_scalar", "Mul")
_scalar("div_scalar", "Div")
_scalar("pow_scalar", "Pow")
_scalar("rsub_scalar", "Sub", turned=True)
_scalar("rdiv_scalar", "Div", turned=True)
