"""Random numbers, and dropout."""

from __future__ import annotations

from netweight.ops.random.dropout import mask_shape
from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.step import Step, proto_type


@writes("identity")
def identity(step: Step) -> None:
    """Identity."""
    step.result("Identity", *step.names)


@writes("dropout")
def dropout(step: Step) -> None:
    """Dropout while training: the graph has none otherwise. Whole channels: a factor for each, of dropped ones."""
    ratio, training = step.scalar(step.attrs.p, "float32"), step.scalar(1, "bool")
    if step.attrs.features:
        factors = step.filled(1, mask_shape(step.attrs, step.x.shape), step.x.dtype)
        step.result("Mul", *step.names, step.value("Dropout", factors, ratio, training))
    else:
        step.result("Dropout", *step.names, ratio, training)


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
