"""Trains a network: batch after batch its loss, the gradients, an update."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from netweight.autograd.gradients import is_named, trainable
from netweight.errors import UsageError, unknown_name
from netweight.ir import Graph
from netweight.lazy import Array, np
from netweight.runtime.backward import check_differentiable
from netweight.runtime.program import Program
from netweight.training.divergence import stopped
from netweight.training.objective import TARGET, Loss, objective
from netweight.training.optimizers import Optimizer
from netweight.training.parameters import Parameters
from netweight.training.schedules import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a network is trained.

    Attributes:
        loss: What is made small.
        optimizer: How parameters are updated.
        schedule: How the learning rate changes.
        epochs: How often all pictures are seen.
        batch: Pictures at once.
        accumulate: Batches whose gradients make one update: their mean.
        clip_norm: What the length of all gradients together is cut to; None for no limit.
        clip_value: What each gradient is cut off at; None for no limit.
        freeze: Patterns of parameters, or of modules around them, that are not trained.
        factors: What the learning rate is multiplied by, by pattern; the last one that fits counts.
        seed: Of the order of the pictures, of what is drawn for them, and of dropout.
    """

    loss: Loss = field(default_factory=Loss)
    optimizer: Optimizer = field(default_factory=Optimizer)
    schedule: Schedule = field(default_factory=Schedule)
    epochs: int = 20
    batch: int = 32
    accumulate: int = 1
    clip_norm: float | None = None
    clip_value: float | None = None
    freeze: tuple[str, ...] = ()
    factors: tuple[tuple[str, float], ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what trains nothing.

        Raises:
            UsageError: If a number is outside of its range.
        """
        for name in ("epochs", "batch", "accumulate"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name}: expected at least 1, got {getattr(self, name)}")
        for name in ("clip_norm", "clip_value"):
            most = getattr(self, name)
            if most is not None and not most > 0:
                raise UsageError(f"{name.replace('_', ' ')}: expected a number above 0, got {most}")
        for pattern, factor in self.factors:
            if not (math.isfinite(factor) and factor >= 0):
                raise UsageError(f"lr of {pattern}: expected a factor from 0 on, got {factor}")


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures at once: (N, C, H, W), and class numbers (N,) or distributions over the classes (N, C)."""

    images: Array
    targets: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one batch came to: its loss, how many of its pictures the first output puts first, the learning rate."""

    loss: float
    right: int
    images: int
    lr: float


class Trainer:
    """A network in training.

    Args:
        networks: Gives the network for a number of pictures; parameters have the same names in all.
        weights: Parameters, buffers and constants by name.
        recipe: How it is trained.
    """

    def __init__(self, networks: Callable[[int], Graph], weights: Mapping[str, Array], recipe: Recipe) -> None:
        self.recipe = recipe
        self.updates = 0
        self._networks = networks
        self._programs: dict[tuple[int, bool], Program] = {}
        graph = networks(recipe.batch)
        names = trainable(graph, recipe.freeze)
        factors = _factors(graph, names, recipe.factors)
        self._trained = tuple(name for name in names if factors.get(name, 1.0) > 0)
        if not self._trained:
            raise UsageError("train: expected parameters that are not frozen, got none", fix="leave out --freeze")
        self.parameters = Parameters(weights, self._trained, recipe.optimizer, factors)
        self.weights = {**{name: np.array(array) for name, array in weights.items()}, **self.parameters.views}

    def epoch(self, epoch: int, batches: Iterable[Batch], *, epoch_batches: int) -> Iterator[Step]:
        """Train on the pictures of an epoch; one step after the other.

        Args:
            epoch: Which one, from 0.
            batches: Its batches.
            epoch_batches: How many those are.

        Raises:
            DivergedError: If the loss is no number any more.
        """
        recipe = self.recipe
        per_update = min(recipe.accumulate, epoch_batches)
        epoch_updates = -(-epoch_batches // per_update)
        for index, batch in enumerate(batches):
            factor = recipe.schedule.factor(self.updates, epoch_updates=epoch_updates, epochs=recipe.epochs)
            lr = recipe.optimizer.lr * factor
            first = index % per_update == 0
            last = (index + 1) % per_update == 0 or index + 1 == epoch_batches
            loss, scores = self._gradients(batch, np.random.default_rng((recipe.seed, epoch, index)), fresh=first)
            if not math.isfinite(loss):
                raise stopped(self._program(batch).graph, self._feeds(batch), self.weights, epoch=epoch, batch=index)
            if last:
                self._update(lr, batches=index % per_update + 1)
            yield Step(loss=loss, right=_right(scores, batch.targets), images=len(batch.images), lr=lr)

    def _gradients(self, batch: Batch, rng: np.random.Generator, *, fresh: bool) -> tuple[float, Array]:
        """Loss and scores; the gradients go to those of the parameters."""
        program = self._program(batch)
        loss_name, scores_name, *_ = program.graph.outputs
        one = {loss_name: np.ones((), program.graph.spec(loss_name).dtype)}
        with np.errstate(over="ignore", invalid="ignore"):  # a loss that is no number is said in words
            done = program.step(self._feeds(batch), self.weights, one, rng)
        for name, view in self.parameters.grads.items():
            if fresh:
                view[...] = done.grads.get(name, 0)
            elif name in done.grads:
                np.add(view, done.grads[name], out=view)
        for name, array in done.updates.items():
            self.weights[name][...] = array
        return float(done.outputs[loss_name]), done.outputs[scores_name]

    def _update(self, lr: float, *, batches: int) -> None:
        recipe = self.recipe
        if batches > 1:
            self.parameters.scale_grads(1 / batches)
        if recipe.clip_value is not None:
            self.parameters.clip_grads(recipe.clip_value)
        if recipe.clip_norm is not None:
            factor = recipe.clip_norm / (self.parameters.norm() + 1e-6)
            if factor < 1:
                self.parameters.scale_grads(factor)
        self.updates += 1
        with np.errstate(over="ignore", invalid="ignore"):
            self.parameters.update(lr, self.updates)

    def _program(self, batch: Batch) -> Program:
        key = (len(batch.images), batch.targets.ndim > 1)
        if key not in self._programs:
            graph = objective(self._networks(key[0]), self.recipe.loss, soft=key[1])
            program = Program(graph, self._trained)
            check_differentiable(program.plan, graph.outputs[:1])
            self._programs[key] = program
        return self._programs[key]

    def _feeds(self, batch: Batch) -> dict[str, Array]:
        graph = self._program(batch).graph
        (name,) = (name for name in graph.inputs if name != TARGET)
        return {name: batch.images, TARGET: batch.targets}


def _factors(graph: Graph, names: Iterable[str], patterns: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Factor of each parameter that a pattern names.

    Raises:
        UnknownNameError: If a pattern names none.
    """
    found: dict[str, float] = {}
    known = tuple(names)
    for pattern, factor in patterns:
        named = [name for name in known if is_named(pattern, graph.values[name])]
        if not named:
            raise unknown_name("parameter", pattern, known, fix="a name of one, or a module or pattern: 'features.*'")
        found.update(dict.fromkeys(named, factor))
    return found


def _right(scores: Array, targets: Array) -> int:
    wanted: Any = targets if targets.ndim == 1 else targets.argmax(axis=1)
    return int((scores.argmax(axis=1) == wanted).sum())
