"""A network as training takes it: for any number of pictures, in training and in use, with weights to begin with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from netweight import build, progress, zoo
from netweight.app.asked import Asked
from netweight.app.identify import BuiltIn, Given, Identified, Model, OnnxFile, resolve
from netweight.app.load import load, with_stored_weights
from netweight.app.loaded import Loaded
from netweight.autograd.gradients import is_named
from netweight.errors import UsageError, unknown_name
from netweight.ir import Graph
from netweight.lazy import Array


@dataclass(frozen=True, slots=True)
class Described:
    """A function of a symbol, as ``build.graph`` takes it."""

    describe: Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Networks:
    """One network at several numbers of pictures.

    Attributes:
        name: What reports and checkpoints call it: what was named, with options that were added.
        what: What the user named.
        sample: Shape of one picture that it is to take, without the batch; None for the network's own.
    """

    name: str
    what: Identified | Described
    sample: tuple[int, ...] | None = None

    @property
    def fixed_batch(self) -> int | None:
        """Pictures at once, where a graph has that once and for all."""
        return self.what.graph.spec(self.what.graph.inputs[0]).shape[0] if isinstance(self.what, Given) else None

    def training(self, batch: int) -> Graph:
        """As it is while it is trained: batch normalisation uses the batch's statistics, dropout drops."""
        return self._loaded(batch, True).graph  # noqa: FBT003

    def using(self, batch: int) -> Graph:
        """As it is used."""
        return self._loaded(batch, False).graph  # noqa: FBT003

    @cache  # noqa: B019 as many as there are sizes of batches
    def _loaded(self, batch: int, training: bool) -> Loaded:  # noqa: FBT001
        if isinstance(self.what, Described):
            return self._described(self.what, batch, training=training)
        fixed = isinstance(self.what, Given)
        modes = not fixed and not isinstance(self.what, OnnxFile)
        inputs = None if self.sample is None or fixed else (batch, *self.sample)
        asked = Asked(inputs=inputs, batch=None if inputs is not None or fixed else batch, training=training and modes)
        found = load(with_stored_weights(self.what), asked)
        found.check_runnable("train", guesses=False)
        if len(found.graph.inputs) != 1:
            raise UsageError(f"train: expected a network of one input, got {', '.join(found.graph.inputs) or 'none'}")
        return found

    def _described(self, what: Described, batch: int, *, training: bool) -> Loaded:
        if self.sample is None:
            raise UsageError(
                "size: expected channels, height and width beside a function, got none", fix="size=(1, 32, 32)"
            )
        made = build.graph(what.describe, (batch, *self.sample), name=self.name, training=training)
        return Loaded(graph=made, source="builder")

    @property
    def usual(self) -> Graph:
        """As it is used, for one picture or as many as it takes."""
        return self.using(self.fixed_batch or 1)

    def first_weights(self, seed: int) -> tuple[Mapping[str, Array], bool]:
        """Those of the model, or drawn from a seed; and whether they were drawn."""
        from netweight.runtime import initialize

        found = self._loaded(self.fixed_batch or 1, False)  # noqa: FBT003
        with progress.stage("making the weights"):
            if found.weights is not None:
                return found.weights(), False
            return initialize(found.graph, seed=seed), True


def networks(model: Model | Callable[..., Any], *, classes: int, sample: tuple[int, ...] | None) -> Networks:
    """The network that a user named, with an output for each class where that is an option of it.

    Args:
        model: What the user named.
        classes: How many there are.
        sample: Shape of one picture, where the user says it.

    Raises:
        NetweightError: If the model is not one that fits.
        UsageError: If its first output is not one score per class.
    """
    if inspect.isfunction(model):
        found = Networks(model.__name__, Described(model), sample)
        _check_scores(found, classes)
        return found
    what, name = resolve(model), named(model)
    if (
        isinstance(what, BuiltIn)
        and "num_classes" not in what.options
        and _usual_classes(what.name) not in (None, classes)
    ):
        what = replace(what, options={**what.options, "num_classes": classes})
        name = f"{name}{',' if ':' in name else ':'}num_classes={classes}"
    found = Networks(name, what, sample)
    _check_scores(found, classes)
    return found


def _check_scores(found: Networks, classes: int) -> None:
    graph = found.usual
    scores = graph.spec(graph.outputs[0]).shape
    if len(scores) != 2 or scores[1] != classes:
        raise UsageError(
            f"train: expected one score for each of {classes} classes, got an output {list(scores)} of {graph.name}"
        )


def _usual_classes(name: str) -> int | None:
    """Classes of a built-in network where nobody says how many; None if that is no option of it."""
    said = [option.default for option in zoo.description(name).options if option.name == "num_classes"]
    return int(said[0]) if said else None


def sample_of(graph: Graph) -> tuple[int, ...]:
    """What one picture is to a network: channels, height and width, or a row of numbers.

    Raises:
        UsageError: If its input is neither.
    """
    shape = graph.spec(graph.inputs[0]).shape
    if len(shape) not in (2, 4):
        raise UsageError(
            f"train: expected a network that takes pictures (N, C, H, W) or rows (N, F), got an input {list(shape)}"
        )
    return shape[1:]


def named(model: Any) -> str:
    """What a model is called in reports and checkpoints."""
    if isinstance(model, str | Path):
        return str(model)
    return str(getattr(model, "name", type(model).__name__))


def named_by(pattern: str, graph: Graph) -> list[str]:
    """Parameters and buffers that a pattern names, or that are in a module that it names.

    Raises:
        UnknownNameError: If there are none.
    """
    kept = [value for value in graph.values.values() if value.kind in ("parameter", "buffer")]
    found = [value.name for value in kept if is_named(pattern, value)]
    if not found:
        names = [value.name for value in kept]
        raise unknown_name("parameter", pattern, names, fix="a name of one, or a module or pattern: 'fc'")
    return found
