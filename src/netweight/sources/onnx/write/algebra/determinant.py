"""Determinants."""

from __future__ import annotations

from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.step import Step


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
