"""Random numbers."""

from __future__ import annotations

from typing import Any

from netweight.ops.random.draw import Distribution, RandomAttrs
from netweight.sources.onnx.numbers import checked_shape
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers


def _drawn(name: str, distribution: Distribution) -> None:
    @lowers(name)
    def rule(call: TfliteCall, shape: Tensor) -> Any:
        sizes = checked_shape(shape.ints(), call.kind)
        return call.op("random", RandomAttrs(shape=sizes, distribution=distribution))


_drawn("RANDOM_UNIFORM", "uniform")
_drawn("RANDOM_STANDARD_NORMAL", "normal")
