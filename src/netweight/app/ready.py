"""A network with numbers: what the user named, an array for every input and every weight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from netweight import progress, zoo
from netweight.app.asked import Asked
from netweight.app.drawn import Draw, named, stand_in
from netweight.app.given_inputs import without_numbers
from netweight.app.identify import BuiltIn, Identified, Module, Named
from netweight.app.load import load, with_stored_weights
from netweight.app.loaded import Loaded
from netweight.app.stored_weights import Weights, arrays_of
from netweight.errors import ShapeError
from netweight.lazy import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A network that can be run.

    Attributes:
        loaded: The network.
        arrays: Array per input.
        weights: Array per parameter, buffer and constant.
        notes: What is random, and what the source of the model says.
    """

    loaded: Loaded
    arrays: Mapping[str, Array]
    weights: Mapping[str, Array]
    notes: tuple[str, ...]


def asked_for(what: Identified, inputs: Any, draw: Draw, **more: Any) -> Asked:
    """How a model is to be described for these inputs, whose numbers are drawn where it looks at them."""
    return Asked(inputs=without_numbers(inputs, stand_in(what)), numbers=draw.array, **more)


def ready(
    what: Identified,
    inputs: Any,
    asked: Asked,
    draw: Draw,
    *,
    verb: str,
    seed: int,
    guesses: bool = False,
    weights: Weights | None = None,
    loaded: Loaded | None = None,
    published: bool = True,
) -> Ready:
    """The network, its inputs and its weights.

    Args:
        what: What the user named.
        inputs: What the user gave for its inputs.
        asked: How it is to be described.
        draw: Where random inputs come from.
        verb: What asks, for messages.
        seed: Of random weights.
        guesses: Whether to go on where the capture had to guess.
        weights: The user's weights, as arrays or a checkpoint; None for those of the model.
        loaded: The network, where it is loaded already.
        published: Whether it is to be the network that was published, not one that the input makes of it.

    Raises:
        CaptureError: If the capture had to guess and ``guesses`` is not set.
        ShapeError: If some layer would have other parameters than in the published network, where it is to be that.
    """
    loaded = loaded or load(with_stored_weights(what), asked)
    loaded.check_runnable(verb, guesses=guesses)
    if published and isinstance(what, BuiltIn) and weights is None:
        _check_network(what, loaded, given=inputs is not None)
    graph = loaded.graph
    if not isinstance(what, Named | Module):
        draw.fill(graph, named(inputs, graph.inputs))
    arrays = {name: draw.arrays[name] for name in graph.inputs}
    with progress.stage("making the weights"):
        numbers = _weights(loaded, seed, draw.notes) if weights is None else arrays_of(weights, loaded)
    return Ready(loaded=loaded, arrays=arrays, weights=numbers, notes=(*draw.notes, *loaded.notes))


def _check_network(network: BuiltIn, loaded: Loaded, *, given: bool) -> None:
    """Refuse an input that makes another network than the weights are for.

    Raises:
        ShapeError: If some layer would have other parameters than in the published network.
    """
    if loaded.other is not None and given:
        usual = "x".join(map(str, zoo.make(network.name, **network.options).spec("x").shape))
        raise ShapeError(
            f"run: expected an input that the weights of {network.name} are for, got one that makes another network",
            why=loaded.other.note,
            fix=f"--input {usual}",
        )


def _weights(loaded: Loaded, seed: int, notes: list[str]) -> Mapping[str, Array]:
    """Those of the model, else random ones."""
    from netweight.runtime import initialize

    if loaded.weights is not None:
        return loaded.weights()
    notes.append(f"the weights are random, seed {seed}: {loaded.graph.name} comes without numbers")
    return initialize(loaded.graph, seed=seed)
