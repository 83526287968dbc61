"""Activation functions of recurrent layers: operators of the table, one after the other.

Work, value and gradient are those of the operators, so that a gate's sigmoid is the sigmoid of the table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from netweight.ir import TensorSpec
from netweight.lazy import Array
from netweight.ops.table import REGISTRY, WORK_KINDS, Cost, OpDef

Activation: TypeAlias = tuple[str, float, float]
"""Name, alpha and beta; what a function does not read is 0."""

SIGMOID: Activation = ("sigmoid", 0.0, 0.0)
TANH: Activation = ("tanh", 0.0, 0.0)
RELU: Activation = ("relu", 0.0, 0.0)

_Steps: TypeAlias = tuple[tuple[str, dict[str, float]], ...]

ACTIVATIONS: dict[str, Callable[[float, float], _Steps]] = {
    "sigmoid": lambda _alpha, _beta: (("sigmoid", {}),),
    "tanh": lambda _alpha, _beta: (("tanh", {}),),
    "relu": lambda _alpha, _beta: (("relu", {}),),
    "affine": lambda alpha, beta: (("mul_scalar", {"value": alpha}), ("add_scalar", {"value": beta})),
    "leaky_relu": lambda alpha, _beta: (("leaky_relu", {"negative_slope": alpha}),),
    "thresholded_relu": lambda alpha, _beta: (("threshold", {"threshold": alpha, "value": 0.0}),),
    "scaled_tanh": lambda alpha, beta: (
        ("mul_scalar", {"value": beta}),
        ("tanh", {}),
        ("mul_scalar", {"value": alpha}),
    ),
    "hardsigmoid": lambda alpha, beta: (("hardsigmoid", {"alpha": alpha, "beta": beta}),),
    "elu": lambda alpha, _beta: (("elu", {"alpha": alpha}),),
    "softsign": lambda _alpha, _beta: (("softsign", {}),),
    "softplus": lambda _alpha, _beta: (("softplus", {}),),
}
"""The operators of each function, made from its alpha and beta."""

_ONE = TensorSpec((1,))


class Function(NamedTuple):
    """An activation function with the bounds of its argument.

    Attributes:
        steps: Operators and their attributes, in the order in which they are applied.
    """

    steps: tuple[tuple[OpDef, Any], ...]

    @property
    def from_value(self) -> bool:
        """Whether its gradient follows from its value alone, as that of the sigmoid."""
        return len(self.steps) == 1 and set(self.steps[0][0].saves) <= {"y"}

    def forward(self, argument: Array) -> Array:
        """Its value."""
        value = argument
        for op, attrs in self.steps:
            value = op.forward(attrs, value)
        return value

    def kept(self, argument: Array, value: Array) -> Array:
        """What the gradient needs: the value if that is enough, else the argument."""
        return value if self.from_value else argument

    def value(self, kept: Array) -> Array:
        """The value, computed again where the argument was kept."""
        return kept if self.from_value else self.forward(kept)

    def backward(self, grad: Array, kept: Array) -> Array:
        """Gradient of the argument."""
        if self.from_value:
            return _gradient(self.steps[0], grad, kept, kept)
        arrays = [kept]
        for op, attrs in self.steps:
            arrays.append(op.forward(attrs, arrays[-1]))
        for step, x, y in reversed(list(zip(self.steps, arrays[:-1], arrays[1:], strict=True))):
            grad = _gradient(step, grad, x, y)
        return grad

    def work(self) -> Counter[str]:
        """Work of one element, by kind."""
        return by_kind(op.cost(attrs, _ONE) for op, attrs in self.steps)

    def backward_work(self) -> Counter[str]:
        """Work of the gradient of one element, by kind."""
        return by_kind(op.backward_cost(attrs, (True,), _ONE) for op, attrs in self.steps)


@lru_cache(maxsize=64)
def functions_of(activations: tuple[Activation, ...], clip: float | None) -> tuple[Function, ...]:
    """The functions of those names, each of the argument between ``-clip`` and ``clip``."""
    bounds: _Steps = () if clip is None else (("clamp", {"min": -clip, "max": clip}),)
    chains = [(*bounds, *ACTIVATIONS[name](alpha, beta)) for name, alpha, beta in activations]
    return tuple(Function(tuple(_step(name, settings) for name, settings in chain)) for chain in chains)


def by_kind(costs: Iterable[Cost]) -> Counter[str]:
    """Sum of costs, the kinds of work that there are."""
    work: Counter[str] = Counter()
    for cost in costs:
        work.update({kind: int(getattr(cost, kind)) for kind in WORK_KINDS if getattr(cost, kind)})
    return work


def _step(name: str, settings: dict[str, float]) -> tuple[OpDef, Any]:
    op = REGISTRY[name]
    attrs = None if op.attrs is None else op.attrs(**settings)
    op.shape(attrs, _ONE)
    return op, attrs


def _gradient(step: tuple[OpDef, Any], grad: Array, x: Array, y: Array) -> Array:
    op, attrs = step
    (found,) = op.backward(attrs, grad, x, **({"y": y} if "y" in op.saves else {}))
    assert found is not None
    return found
