"""Rows of tables that are looked up."""

from __future__ import annotations

from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.step import Step


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
