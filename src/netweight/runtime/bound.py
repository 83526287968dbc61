"""A call of an operator bound to its shapes: a kernel with room of its own, or the operator's own rules.

What a kernel returns is room that its next call writes over. Where a kernel does not fit (another element type, another
mode of padding), the rules of the operator stand in, so that every operator has a bound call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

from netweight.autograd.gradients import Call
from netweight.ir import Graph, TensorSpec
from netweight.kernels.activate import Relu, Relu6, Sigmoid, Tanh
from netweight.kernels.convolution import Conv
from netweight.kernels.convolve import convolution
from netweight.kernels.dense import Linear
from netweight.kernels.normalise import BatchNorm
from netweight.kernels.pooling import MOST_TAPS, AvgPool, GlobalAvgPool, MaxPool, Window
from netweight.lazy import Array, np
from netweight.ops.own import definition_of
from netweight.ops.table import forward
from netweight.ops.window.pool_average import divisors
from netweight.runtime.kept import Kept, kept_of

Arrays: TypeAlias = "tuple[Array | None, ...]"


class Bound(Protocol):
    """One call, again and again."""

    kernel: str

    def forward(self, inputs: Arrays, rng: np.random.Generator) -> tuple[Array, ...]:
        """Its outputs."""

    def backward(self, grads: Arrays) -> Arrays:
        """For each input its gradient, None where that is not wanted; a gradient that did not arrive is None."""


class _One:
    """A kernel of one output whose first input has the type of all."""

    def __init__(self, name: str, run: Any, wanted: tuple[bool, ...]) -> None:
        self.kernel = name
        self._run = run
        self._wanted = wanted

    def forward(self, inputs: Arrays, _rng: np.random.Generator) -> tuple[Array, ...]:
        return (self._run.forward(*inputs),)

    def backward(self, grads: Arrays) -> Arrays:
        found = self._run.backward(grads[0])
        found = found if isinstance(found, tuple) else (found,)
        return (*found, *(None,) * (len(self._wanted) - len(found)))


class _BatchNorm:
    """Batch normalisation with the new running statistics."""

    def __init__(self, call: Call, specs: tuple[TensorSpec | None, ...], momentum: float, eps: float) -> None:
        x = specs[0]
        assert x is not None
        self.kernel = "batch_norm"
        self._run = BatchNorm(x.shape, x.dtype, eps)
        self._momentum = momentum
        self._unbiased = self._run.count / (self._run.count - 1)
        self._wanted = call.wanted

    def forward(self, inputs: Arrays, _rng: np.random.Generator) -> tuple[Array, ...]:
        x, weight, bias, mean, var = inputs
        assert x is not None
        y = self._run.forward(x, weight, bias)
        if mean is None or var is None:
            return (y,)
        keep, take = 1 - self._momentum, self._momentum
        return y, keep * mean + take * self._run.mean, keep * var + take * self._unbiased * self._run.var

    def backward(self, grads: Arrays) -> Arrays:
        assert grads[0] is not None
        found = self._run.backward(grads[0])
        picked = (one if asked else None for one, asked in zip(found, self._wanted, strict=False))
        return (*picked, *(None,) * (len(self._wanted) - 3))


class _Rules:
    """The operator's own rules."""

    def __init__(self, call: Call) -> None:
        op = definition_of(call.node)
        assert op is not None
        self.kernel = ""
        self._call, self._op = call, op
        self._kept: Kept | None = None

    def forward(self, inputs: Arrays, rng: np.random.Generator) -> tuple[Array, ...]:
        node = self._call.node
        results, saved = forward(self._op, node.attrs, inputs, **({"rng": rng} if self._op.random else {}))
        if self._call.runs_backward:
            values = {name: array for name, array in zip(node.inputs, inputs, strict=True) if name is not None}
            values.update(zip(node.outputs, results, strict=True))
            self._kept = kept_of(self._call, values, saved)  # type: ignore[arg-type]
        return results

    def backward(self, grads: Arrays) -> Arrays:
        kept = self._kept
        assert kept is not None
        filled = tuple(
            np.zeros(y.shape, y.dtype) if grad is None else grad for grad, y in zip(grads, kept.outputs, strict=True)
        )
        grad_y: Any = filled[0] if len(filled) == 1 else filled
        found = self._op.backward(self._call.node.attrs, grad_y, *kept.inputs, **kept.saved)
        return tuple(grad if asked else None for grad, asked in zip(found, self._call.wanted, strict=True))


def bound(graph: Graph, call: Call, reached: frozenset[str]) -> Bound:
    """The call with a kernel where one fits.

    Args:
        graph: What it is in.
        call: The call.
        reached: Values whose gradients are computed.
    """
    specs = graph.input_specs(call.node)
    makes = _KERNELS.get(call.node.op)
    first = next((spec for spec in specs if spec is not None), None)
    if makes is None or first is None or first.dtype not in ("float32", "float64"):
        return _Rules(call)
    if any(spec is not None and spec.dtype != first.dtype for spec in specs):
        return _Rules(call)
    outputs = tuple(graph.spec(name) for name in call.node.outputs)
    if any(name in reached for name in call.node.outputs[1:]) or 0 in first.shape:
        return _Rules(call)
    return makes(call, specs, outputs[0]) or _Rules(call)


def _conv(call: Call, specs: tuple[Any, ...], y: TensorSpec) -> Bound | None:
    attrs = call.node.attrs
    if attrs.padding_mode != "zeros" and any(any(pad) for pad in attrs.padding):
        return None
    if any(amount < 0 for pad in attrs.padding for amount in pad) or 0 in y.shape:
        return None
    conv = Conv(attrs.stride, attrs.padding, attrs.dilation, attrs.groups)
    run = convolution(conv, specs[0].shape, specs[1].shape, y.shape, y.dtype, call.wanted)
    return _One(run.name, run, call.wanted)


def _linear(call: Call, specs: tuple[Any, ...], y: TensorSpec) -> Bound | None:
    return _One("linear", Linear(specs[0].shape, specs[1].shape, y.dtype, call.wanted), call.wanted)


def _max_pool(call: Call, specs: tuple[Any, ...], y: TensorSpec) -> Bound | None:
    attrs = call.node.attrs
    taps = 1
    for size in attrs.kernel_size:
        taps *= size
    if taps >= MOST_TAPS or len(call.node.outputs) > 1:
        return None
    window = Window(attrs.kernel_size, attrs.stride, attrs.padding, attrs.dilation)
    return _One("max_pool", MaxPool(window, specs[0].shape, y.shape, y.dtype), call.wanted)


def _avg_pool(call: Call, specs: tuple[Any, ...], y: TensorSpec) -> Bound | None:
    attrs, x = call.node.attrs, specs[0]
    window = Window(attrs.kernel_size, attrs.stride, attrs.padding, (1,) * len(attrs.stride))
    run = AvgPool(window, x.shape, y.shape, y.dtype, divisors(attrs, x.shape[2:]))
    return _One("avg_pool", run, call.wanted)


def _adaptive_avg_pool(call: Call, specs: tuple[Any, ...], y: TensorSpec) -> Bound | None:
    if any(size != 1 for size in y.shape[2:]):
        return None
    return _One("avg_pool", GlobalAvgPool(specs[0].shape, y.dtype), call.wanted)


def _batch_norm(call: Call, specs: tuple[Any, ...], _y: TensorSpec) -> Bound | None:
    return _BatchNorm(call, specs, call.node.attrs.momentum, call.node.attrs.eps)


def _activation(name: str, make: Callable[[], Any]) -> Callable[..., Bound]:
    return lambda call, _specs, _y: _One(name, make(), call.wanted)


_KERNELS: Mapping[str, Callable[[Call, tuple[Any, ...], TensorSpec], Bound | None]] = {
    "conv": _conv,
    "linear": _linear,
    "max_pool": _max_pool,
    "avg_pool": _avg_pool,
    "adaptive_avg_pool": _adaptive_avg_pool,
    "batch_norm_training": _batch_norm,
    **{
        name: _activation(name, make)
        for name, make in (("relu", Relu), ("relu6", Relu6), ("tanh", Tanh), ("sigmoid", Sigmoid))
    },
}
"""Kernels by the operator that they compute."""

OPERATORS = tuple(_KERNELS)
