"""Dropout, and random numbers."""

from __future__ import annotations

from typing import Any

from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.pointwise.scalar import ScalarAttrs
from netweight.ops.random.draw import RandomAttrs
from netweight.ops.random.dropout import DropoutAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.lower.common import cast_to
from netweight.sources.onnx.numbers import checked_shape, dtype_of
from netweight.sources.onnx.tensor import Tensor

_OPEN = "Dropout: whether it drops anything is known in a run alone; read as at inference"
_BOOLEAN_MASK = 10


@lowers("Dropout")
def dropout(call: Call, x: Tensor, ratio: Tensor | None = None, training_mode: Tensor | None = None) -> Any:
    """At inference nothing happens."""
    if not _trains(call, training_mode):
        return x, _everything(call, x)
    p = 0.5 if ratio is None else float(ratio.item())
    if p == 0.0:
        return x, _everything(call, x)
    if not call.wants(1):
        return call.op("dropout", DropoutAttrs(p=p), x), None
    drawn = call.op("random", RandomAttrs(shape=x.shape))
    mask = call.op("ge", None, drawn, call.like(p, drawn))
    kept = call.op("mul", None, x, cast_to(call, mask, x.dtype))
    return call.op("mul_scalar", ScalarAttrs(value=1 / (1 - p)), kept), mask


def _trains(call: Call, training_mode: Tensor | None) -> bool:
    if training_mode is None:
        return False
    if not training_mode.known:
        call.note(_OPEN, guess=True)
        return False
    return bool(training_mode.item())


def _everything(call: Call, x: Tensor) -> Tensor:
    """The mask of a dropout that drops nothing."""
    dtype = "bool" if call.opset >= _BOOLEAN_MASK else x.dtype
    return Tensor("mask", TensorSpec(x.shape, dtype), lambda: np.ones(x.shape, dtype), fixed=True)


@lowers("RandomUniform")
def random_uniform(call: Call) -> Any:
    return _uniform(call, checked_shape(call.need("shape"), call.node.name), dtype_of(call.attr("dtype", 1), "dtype"))


@lowers("RandomUniformLike")
def random_uniform_like(call: Call, x: Tensor) -> Any:
    return _uniform(call, x.shape, _dtype(call, x))


@lowers("RandomNormal")
def random_normal(call: Call) -> Any:
    return _normal(call, checked_shape(call.need("shape"), call.node.name), dtype_of(call.attr("dtype", 1), "dtype"))


@lowers("RandomNormalLike")
def random_normal_like(call: Call, x: Tensor) -> Any:
    return _normal(call, x.shape, _dtype(call, x))


@lowers("Bernoulli")
def bernoulli(call: Call, x: Tensor) -> Any:
    """True with the probability that each element is."""
    drawn = call.op("random", RandomAttrs(shape=x.shape, dtype=x.dtype))
    return cast_to(call, call.op("lt", None, drawn, x), _dtype(call, x))


def _uniform(call: Call, shape: tuple[int, ...], dtype: str) -> Any:
    low, high = call.attr("low", 0.0), call.attr("high", 1.0)
    return call.op("random", RandomAttrs(shape=shape, first=low, second=high, dtype=dtype))


def _normal(call: Call, shape: tuple[int, ...], dtype: str) -> Any:
    mean, scale = call.attr("mean", 0.0), call.attr("scale", 1.0)
    return call.op("random", RandomAttrs(shape=shape, distribution="normal", first=mean, second=scale, dtype=dtype))


def _dtype(call: Call, x: Tensor) -> str:
    number = call.attr("dtype")
    return x.dtype if number is None else dtype_of(number, "dtype")
