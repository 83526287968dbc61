"""Tensors made of nothing but their settings, and one-hot vectors."""

from __future__ import annotations

from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.step import Step, proto_type


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


@writes("random")
def random(step: Step) -> None:
    """RandomUniform or RandomNormal; other distributions made of them where that is simple."""
    attrs, dtype = step.attrs, step.y.dtype
    work = dtype if dtype in ("float16", "float32", "float64") else "float32"
    first, second = float(attrs.first), float(attrs.second)
    if not step.y.shape:
        raise step.unsupported("without dimensions")
    settings = {"dtype": proto_type(work), "shape": list(step.y.shape)}
    match attrs.distribution:
        case "uniform":
            step.finish(work, "RandomUniform", low=first, high=second, **settings)
        case "normal":
            step.finish(work, "RandomNormal", mean=first, scale=second, **settings)
        case "log_normal":
            drawn = step.value("RandomNormal", mean=first, scale=second, **settings)
            step.finish(work, "Exp", drawn)
        case "integers":
            drawn = step.value("RandomUniform", low=first, high=second, **settings)
            step.finish(work, "Floor", drawn)
        case _:
            raise step.unsupported(f"of the distribution {attrs.distribution}")
