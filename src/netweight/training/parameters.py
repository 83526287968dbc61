"""Trained parameters in flat arrays, with their gradients and what the optimiser keeps: one update moves many tensors.

Parameters that are treated alike (one factor of the learning rate, one element type) lie one after the other in one
array; what the network reads are views of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from netweight.lazy import Array, np
from netweight.training.optimizers import Optimizer

_STRETCH = 1 << 15  # elements that an update works on at once, so that they stay in the cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Parameters that are updated alike.

    Attributes:
        names: Of the tensors, in the order in which they lie.
        factor: What the learning rate is multiplied by.
        values: Their numbers, flat.
        grads: Their gradients, flat.
        states: What the optimiser keeps, flat, by name.
    """

    names: tuple[str, ...]
    factor: float
    values: Array
    grads: Array
    states: Mapping[str, Array]


class Parameters:
    """All that training changes.

    Args:
        weights: Arrays by name, those that are trained among them.
        trained: Names of those that are trained.
        optimizer: What updates them.
        factors: What the learning rate of a parameter is multiplied by, where that is not 1.
    """

    def __init__(
        self, weights: Mapping[str, Array], trained: Iterable[str], optimizer: Optimizer, factors: Mapping[str, float]
    ) -> None:
        self.optimizer = optimizer
        alike: dict[tuple[float, str], list[str]] = {}
        for name in trained:
            alike.setdefault((factors.get(name, 1.0), str(weights[name].dtype)), []).append(name)
        self.groups = tuple(_group(names, factor, weights, optimizer) for (factor, _), names in alike.items())
        self._room = {group.values.dtype: np.empty(_STRETCH, group.values.dtype) for group in self.groups}
        self.views = {name: view for group in self.groups for name, view in _views(group, group.values, weights)}
        self.grads = {name: view for group in self.groups for name, view in _views(group, group.grads, weights)}
        self.states = {
            f"{name}.{state}": view
            for group in self.groups
            for state, array in group.states.items()
            for name, view in _views(group, array, weights)
        }

    def norm(self) -> float:
        """Length of all gradients as one vector."""
        return math.sqrt(math.fsum(float(np.dot(group.grads, group.grads)) for group in self.groups))

    def scale_grads(self, factor: float) -> None:
        """Multiply all gradients."""
        for group in self.groups:
            np.multiply(group.grads, factor, out=group.grads)

    def clip_grads(self, most: float) -> None:
        """Cut all gradients off at a size."""
        for group in self.groups:
            np.clip(group.grads, -most, most, out=group.grads)

    def update(self, lr: float, t: int) -> None:
        """Move all parameters by their gradients, which are used up.

        Args:
            lr: Learning rate now.
            t: Which update it is, from 1.
        """
        for group in self.groups:
            room = self._room[group.values.dtype]
            for start in range(0, group.values.size, _STRETCH):
                part = slice(start, start + _STRETCH)
                p = group.values[part]
                states = [array[part] for array in group.states.values()]
                self.optimizer.update(p, group.grads[part], states, lr=lr * group.factor, t=t, room=room[: p.size])


def _group(names: list[str], factor: float, weights: Mapping[str, Array], optimizer: Optimizer) -> Group:
    values = np.concatenate([weights[name].reshape(-1) for name in names])
    return Group(
        names=tuple(names), factor=factor, values=values, grads=np.zeros_like(values),
        states={state: np.zeros_like(values) for state in optimizer.states},
    )  # fmt: skip


def _views(group: Group, flat: Array, weights: Mapping[str, Array]) -> Iterator[tuple[str, Array]]:
    start = 0
    for name in group.names:
        shape = weights[name].shape
        size = math.prod(shape)
        yield name, flat[start : start + size].reshape(shape)
        start += size
