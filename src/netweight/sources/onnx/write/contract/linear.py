"""Products of matrices, and rows of tables."""

from __future__ import annotations

import math

from netweight.lazy import np
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


@writes("embedding")
def embedding(step: Step) -> None:
    """Gather; padding_idx matters for gradients alone."""
    indices, weight = step.names
    step.result("Gather", weight, indices, axis=0)


@writes("embedding_bag")
def embedding_bag(step: Step) -> None:
    """Gather and a reduction, for bags of one length that all count."""
    indices, weight, offsets, scale = step.names
    if offsets:
        raise step.unsupported("with offsets")
    if step.attrs.padding_idx is not None:
        raise step.unsupported("with padding_idx")
    rows = step.value("Gather", weight, indices, axis=0)
    if scale:
        rows = step.value("Mul", rows, step.value("Unsqueeze", scale, step.ints(-1)))
    reduce = {"sum": "ReduceSum", "mean": "ReduceMean", "max": "ReduceMax"}[step.attrs.mode]
    step.result(reduce, rows, step.ints(1), keepdims=0)


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


@writes("local_response_norm")
def local_response_norm(step: Step) -> None:
    """LRN, whose sum is one channel off for an even number of them: then the mean is taken by AveragePool."""
    attrs = step.attrs
    if attrs.size % 2 and len(step.x.shape) == 4:
        step.result("LRN", *step.names, alpha=attrs.alpha, beta=attrs.beta, bias=attrs.k, size=attrs.size)
        return
    n, channels, *sizes = step.x.shape
    squared = step.value("Mul", step.names[0], step.names[0])
    elements = int(np.prod(sizes, dtype=np.int64))
    around = [0, 0, attrs.size // 2, 0, 0, 0, (attrs.size - 1) // 2, 0]
    padded = step.value("Pad", step.reshaped(squared, (n, 1, channels, elements)), step.ints(*around))
    mean = step.value("AveragePool", padded, kernel_shape=[attrs.size, 1])
    scale = step.value("Mul", step.reshaped(mean, step.x.shape), step.scalar(attrs.alpha))
    scale = step.value("Add", scale, step.scalar(attrs.k))
    step.result("Div", step.names[0], step.value("Pow", scale, step.scalar(attrs.beta)))


@writes("det")
def det(step: Step) -> None:
    """Det."""
    step.result("Det", *step.names)


@writes("slogdet")
def slogdet(step: Step) -> None:
    """Sign of Det, and Log of its size."""
    found = step.value("Det", *step.names)
    step.output(0, "Sign", found)
    step.output(1, "Log", step.value("Abs", found))
