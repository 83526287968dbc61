"""Products of matrices."""

from __future__ import annotations

import math

from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.step import Step


@writes("linear")
def linear(step: Step) -> None:
    """Gemm of all rows: the weight stays as it is, also where an embedding shares it."""
    x, weight, bias = step.names
    if len(step.x.shape) == 2:
        step.result("Gemm", x, weight, bias, transB=1)
        return
    out_features, in_features = step.spec(1).shape
    rows = step.reshaped(x, (math.prod(step.x.shape[:-1]), in_features))
    y = step.value("Gemm", rows, weight, bias, transB=1)
    step.result("Reshape", y, step.ints(*step.x.shape[:-1], out_features))


@writes("matmul")
def matmul(step: Step) -> None:
    """MatMul."""
    step.result("MatMul", step.typed(0, step.y.dtype), step.typed(1, step.y.dtype))


@writes("einsum")
def einsum(step: Step) -> None:
    """Einsum."""
    step.result("Einsum", *step.names, equation=step.attrs.equation)


@writes("bilinear")
def bilinear(step: Step) -> None:
    """Both products one after the other, as the operator of the table does them."""
    x1, x2, weight, bias = step.names
    _, in1, in2 = step.spec(2).shape
    rows = step.x.numel // in1 if in1 else 0
    first, second = step.reshaped(x1, (rows, in1)), step.reshaped(x2, (rows, in2))
    inner = step.value("Einsum", weight, second, equation="oij,nj->noi")
    y = step.value("Einsum", inner, first, equation="noi,ni->no")
    y = step.value("Add", y, bias) if bias else y
    step.result("Reshape", y, step.ints(*step.y.shape))
