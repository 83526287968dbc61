"""Products of small integers, and their sums as small integers."""

from __future__ import annotations

from netweight.lazy import Array, np
from netweight.ops.quantize.fixed_point import fixed_point
from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.quantize.affine import along, rounded
from netweight.sources.onnx.write.step import Step


@writes("integer_matmul")
def integer_matmul(step: Step) -> None:
    """MatMulInteger; with a zero point per row or column, MatMul of what differs from it in 32 bits."""
    zeros = [spec for spec in step.reads[2:] if spec is not None]
    if all(spec.shape in ((), (1,)) for spec in zeros):
        step.result("MatMulInteger", *step.names)
        return
    parts = []
    for at in range(2):
        part = step.typed(at, "int32")
        parts.append(step.value("Sub", part, step.typed(at + 2, "int32")) if step.reads[at + 2] is not None else part)
    step.result("MatMul", *parts)


@writes("requantize")
def requantize(step: Step) -> None:
    """Sub, Mul, Round, Add, Clip, Cast; fixed point in whole numbers where the scales are at hand, else as rounded."""
    attrs, dtype = step.attrs, "float64"  # sums of 32 bits are more than single precision has
    exact = attrs.rounding == "fixed_point" and step.spec(1).dtype == dtype
    numbers = step.rewritten([step.names[1]], _in_fixed_point) if exact else ""
    if numbers:
        rounded(step, step.cast(_scaled(step, numbers), "int64", dtype), dtype)
        return
    x = _from_zero(step, dtype)
    if attrs.fraction_bits:
        x = step.value("Mul", x, step.scalar(2**attrs.fraction_bits, dtype))
    rounded(step, step.value("Mul", x, along(step, step.typed(1, dtype))), dtype)


def _from_zero(step: Step, dtype: str) -> str:
    x = step.typed(0, dtype)
    return step.value("Sub", x, step.scalar(step.attrs.x_zero, dtype)) if step.attrs.x_zero else x


def _in_fixed_point(scale: Array) -> Array:
    """What a product is multiplied by first, the multiplier, and what it is divided by last."""
    multiplier, shift = fixed_point(scale)
    one = np.int64(1)
    return np.stack([one << np.maximum(shift, 0), multiplier, one << np.maximum(-shift, 0)]).astype(scale.dtype)


def _scaled(step: Step, numbers: str) -> str:
    """A product that is rounded twice, halves up and then away from zero; quotients are cut towards zero."""
    numbers = step.cast(numbers, "float64", "int64")
    first, multiplier, last = (
        along(step, step.value("Gather", numbers, step.constant(np.array(at)), axis=0)) for at in range(3)
    )
    x = _from_zero(step, "int64")
    if step.attrs.fraction_bits:
        x = step.value("Mul", x, step.scalar(2**step.attrs.fraction_bits, "int64"))
    product = step.value("Mul", step.value("Mul", x, first), multiplier)
    negative = step.value("Less", product, step.scalar(0, "int64"))
    half = step.value("Where", negative, step.scalar(1 - 2**30, "int64"), step.scalar(2**30, "int64"))
    upper = step.value("Div", step.value("Add", product, half), step.scalar(2**31, "int64"))
    away = step.value("Mul", step.value("Sign", upper), step.value("Div", last, step.scalar(2, "int64")))
    return step.value("Div", step.value("Add", upper, away), last)
