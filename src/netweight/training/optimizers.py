"""Updates of parameters, in place, as PyTorch computes them.

An update works on flat arrays: a stretch of parameters, their gradient, and what the optimiser keeps for them. The
gradient is used up. ``t`` counts updates from 1.

Source: torch.optim.SGD, RMSprop, Adam, AdamW; Sutskever et al. 2013 (Nesterov's form); Tieleman & Hinton 2012;
Kingma & Ba 2015, algorithm 1; Loshchilov & Hutter 2019, algorithm 2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from netweight.errors import UsageError, unknown_name
from netweight.lazy import Array, np


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimizer:
    """How parameters are updated.

    Attributes:
        name: ``"sgd"``, ``"momentum"``, ``"rmsprop"``, ``"adam"`` or ``"adamw"``.
        lr: Learning rate, before the schedule.
        momentum: Share of the last step that the next one keeps: of ``momentum``, which is ``sgd`` with it.
        nesterov: Whether the gradient is taken ahead of that step.
        weight_decay: Pull of each parameter towards 0.
        decoupled: Whether the pull leaves the gradient alone, as in AdamW; by default that of the name.
        alpha: Share of the mean of squares that is kept: of ``rmsprop``.
        betas: Shares of the mean and the mean of squares that are kept: of ``adam`` and ``adamw``.
        eps: Added to what the step is divided by.
    """

    name: str = "sgd"
    lr: float = 0.01
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 0.0
    decoupled: bool | None = None
    alpha: float = 0.99
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8

    def __post_init__(self) -> None:
        """Refuse what is no optimiser.

        Raises:
            UsageError: If the name is unknown, or a number is outside of its range.
        """
        if self.name not in _RULES:
            raise unknown_name("optimizer", self.name, _RULES)
        shares = {"momentum": self.momentum, "alpha": self.alpha, "beta1": self.betas[0], "beta2": self.betas[1]}
        for name, share in shares.items():
            if not 0 <= share < 1:
                raise UsageError(f"{name}: expected a share from 0 to below 1, got {share}")
        for name, number in {"lr": self.lr, "weight decay": self.weight_decay, "eps": self.eps}.items():
            if not (math.isfinite(number) and number >= 0):
                raise UsageError(f"{name}: expected a number from 0 on, got {number}")
        if not self.lr:
            raise UsageError(
                "lr: expected a number above 0, got 0, which trains nothing", fix="--freeze keeps parts as they are"
            )
        if self.nesterov and self.name != "momentum":
            raise UsageError(f"nesterov: expected the optimizer momentum, got {self.name}", fix="--optimizer momentum")

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the arrays that it keeps, each of the parameters' size."""
        return _RULES[self.name].states

    @property
    def decays_apart(self) -> bool:
        """Whether weight decay leaves the gradient alone."""
        return self.name == "adamw" if self.decoupled is None else self.decoupled

    def update(self, p: Array, g: Array, states: Sequence[Array], *, lr: float, t: int, room: Array) -> None:
        """Move parameters.

        Args:
            p: Parameters, changed in place.
            g: Their gradient, used up.
            states: What ``states`` names, changed in place; zeros before the first update.
            lr: Learning rate now.
            t: Which update it is, from 1.
            room: An array of their size to work in.
        """
        if self.weight_decay and self.decays_apart:
            p *= 1 - lr * self.weight_decay
        elif self.weight_decay:
            np.multiply(p, self.weight_decay, out=room)
            g += room
        _RULES[self.name].move(self, p, g, states, lr, t, room)


_Move: TypeAlias = Callable[[Optimizer, Array, Array, Sequence[Array], float, int, Array], None]


def _sgd(_o: Optimizer, p: Array, g: Array, _states: Sequence[Array], lr: float, _t: int, _room: Array) -> None:
    g *= lr
    p -= g


def _momentum(o: Optimizer, p: Array, g: Array, states: Sequence[Array], lr: float, _t: int, room: Array) -> None:
    (velocity,) = states
    velocity *= o.momentum
    velocity += g
    if o.nesterov:
        np.multiply(velocity, o.momentum, out=room)
        room += g
        room *= lr
    else:
        np.multiply(velocity, lr, out=room)
    p -= room


def _rmsprop(o: Optimizer, p: Array, g: Array, states: Sequence[Array], lr: float, _t: int, room: Array) -> None:
    (square,) = states
    square *= o.alpha
    np.multiply(g, g, out=room)
    room *= 1 - o.alpha
    square += room
    np.sqrt(square, out=room)
    room += o.eps
    np.divide(g, room, out=g)
    g *= lr
    p -= g


def _adam(o: Optimizer, p: Array, g: Array, states: Sequence[Array], lr: float, t: int, room: Array) -> None:
    mean, square = states
    beta1, beta2 = o.betas
    square *= beta2
    np.multiply(g, g, out=room)
    room *= 1 - beta2
    square += room
    g -= mean
    g *= 1 - beta1
    mean += g
    np.sqrt(square, out=room)
    room /= math.sqrt(1 - beta2**t)
    room += o.eps
    np.divide(mean, room, out=room)
    room *= lr / (1 - beta1**t)
    p -= room


@dataclass(frozen=True, slots=True)
class _Rule:
    move: _Move
    states: tuple[str, ...] = ()


_RULES: dict[str, _Rule] = {
    "sgd": _Rule(_sgd),
    "momentum": _Rule(_momentum, ("velocity",)),
    "rmsprop": _Rule(_rmsprop, ("square",)),
    "adam": _Rule(_adam, ("mean", "square")),
    "adamw": _Rule(_adam, ("mean", "square")),
}
NAMES = tuple(_RULES)
