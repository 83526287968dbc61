"""Tensors made of nothing but their settings, and one-hot vectors."""

from __future__ import annotations

from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.step import Step


@writes("full")
def full(step: Step) -> None:
    """A number, stretched."""
    step.result("Expand", step.scalar(step.attrs.value, step.y.dtype), step.ints(*step.y.shape))


@writes("arange")
def arange(step: Step) -> None:
    """Whole numbers from 0 on, times the step plus the start: their count is then exact."""
    attrs = step.attrs
    (count,) = step.y.shape
    ends = [step.scalar(number, "int64") for number in (0, count, 1)]
    whole = all(float(number).is_integer() for number in (attrs.start, attrs.step))
    work = "int64" if whole else "float64"
    numbers = step.cast(step.value("Range", *ends), "int64", work)
    scaled = step.value("Mul", numbers, step.scalar(attrs.step, work)) if attrs.step != 1 else numbers
    step.finish(work, "Add", scaled, step.scalar(attrs.start, work))


@writes("one_hot")
def one_hot(step: Step) -> None:
    """OneHot."""
    values = step.ints(0, 1)
    count = step.scalar(step.attrs.num_classes, "int64")
    if step.x.shape:
        step.result("OneHot", step.names[0], count, values, axis=-1)
    else:
        one = step.value("OneHot", step.reshaped(step.names[0], (1,)), count, values, axis=-1)
        step.result("Squeeze", one, step.ints(0))
