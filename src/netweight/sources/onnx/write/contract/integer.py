"""Products of small integers, and their sums as small integers."""

from __future__ import annotations

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
    """Sub, Mul, Round, Add, Clip, Cast; of products that kernels round in fixed point at most one off."""
    dtype = "float64"  # sums of 32 bits are more than single precision has
    x = step.typed(0, dtype)
    if step.attrs.x_zero:
        x = step.value("Sub", x, step.filled(step.attrs.x_zero, (), dtype))
    rounded(step, step.value("Mul", x, along(step, step.typed(1, dtype))), dtype)
