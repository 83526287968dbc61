"""A network that is to be differentiated, with its numbers; operators that have no gradient are named before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from netweight.app.asked import Asked
from netweight.app.drawn import Draw
from netweight.app.given_inputs import described, is_array
from netweight.app.identify import Given, Model, Module, Named, resolve
from netweight.app.picture_inputs import taken
from netweight.app.ready import Ready, asked_for, ready
from netweight.app.stored_weights import Weights
from netweight.autograd.gradients import backpropagation
from netweight.errors import UsageError
from netweight.ir import Graph, is_floating


def differentiated(
    verb: str, model: Model, inputs: Any, weights: Weights | None, *, seed: int, guesses: bool, **more: Any
) -> Ready:
    """The network, its inputs and its weights.

    Args:
        verb: What asks, for messages.
        model: What the user named.
        inputs: What the user gave for its inputs.
        weights: The user's weights, as arrays or a checkpoint; None for those of the model, or random ones.
        seed: Of what is random.
        guesses: Whether to go on where the capture had to guess.
        more: How it is to be described: batch, training, dims.

    Raises:
        NetweightError: If there is nothing to differentiate, or operators on the way have no gradient.
    """
    what = resolve(model)
    draw = Draw(seed)
    inputs, read = taken(what, inputs, Asked(**more), weights)
    given = described(inputs, program=isinstance(what, Named | Module))
    of_its_own = isinstance(what, Given) and _all_arrays(given)
    asked: Asked = asked_for(what, None if of_its_own else given, draw, **more)
    found = ready(
        what, given, asked, draw, verb=verb, seed=seed, guesses=guesses, weights=weights, published=False
    )  # fmt: skip
    _check(verb, found.loaded.graph)
    return replace(found, notes=(*read, *found.notes))


def _all_arrays(inputs: Any) -> bool:
    """Whether there are only arrays, which change nothing of how a network is described."""
    if isinstance(inputs, Mapping):
        return all(map(is_array, inputs.values()))
    return is_array(inputs) or (isinstance(inputs, tuple | list) and all(map(is_array, inputs)))


def _check(verb: str, graph: Graph) -> None:
    from netweight.runtime.backward import without_gradient

    floating = [name for name, value in graph.values.items() if is_floating(value.spec.dtype)]
    wanted = [name for name in floating if graph.values[name].kind in ("parameter", "input")]
    outputs = [name for name in graph.outputs if name in floating]
    if not wanted or not outputs:
        kind = "outputs" if wanted else "parameters and inputs"
        raise UsageError(
            f"{verb}: expected {kind} of floating type, got none in {graph.name!r}: there is nothing to differentiate"
        )
    missing = [*without_gradient(backpropagation(graph, wanted), outputs)][::-1]
    if missing:
        said = ", ".join(f"{node.op} in {node.layer or 'the network itself'}" for node in missing)
        raise UsageError(f"{verb}: expected operators with a gradient, got {said}")
