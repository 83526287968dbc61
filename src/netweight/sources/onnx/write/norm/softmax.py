"""Softmax and its logarithm."""

from __future__ import annotations

from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.step import Step


@writes("softmax")
def softmax(step: Step) -> None:
    """Softmax."""
    step.result("Softmax", *step.names, axis=step.attrs.dim)


@writes("log_softmax")
def log_softmax(step: Step) -> None:
    """LogSoftmax."""
    step.result("LogSoftmax", *step.names, axis=step.attrs.dim)
