"""Runs a network and shows what some of its layers see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from netweight import progress
from netweight.app.asked import Asked
from netweight.app.drawn import Draw
from netweight.app.given_inputs import described
from netweight.app.identify import Model, Module, Named, resolve
from netweight.app.maps import check_layers, maps_of
from netweight.app.picture_inputs import taken
from netweight.app.ready import asked_for, ready
from netweight.app.stored_weights import Weights

if TYPE_CHECKING:
    from netweight.results.maps import Maps
    from netweight.runtime.forward import Run


def shown(
    model: Model, inputs: Any, layers: Sequence[str], *, seed: int = 0, guesses: bool = False,
    weights: Weights | None = None, **more: Any,
) -> tuple[Run, Maps]:  # fmt: skip
    """What the network makes of its inputs, and the maps and kernels of some layers.

    Args:
        model: What the user named.
        inputs: Arrays, shapes or pictures, as ``netweight.run`` takes them.
        layers: Paths of layers.
        seed: Of what is random.
        guesses: Whether to go on where a capture had to guess.
        weights: The user's weights, as arrays or a checkpoint; None for those of the model, or random ones.
        more: How the network is to be described: batch, dims, as_written.

    Raises:
        UsageError: If a layer is unknown, or its output has no maps.
        NetweightError: If the model, its input or another argument is not one that fits.
    """
    from netweight.runtime.forward import run
    from netweight.runtime.kernels import KERNELS

    what = resolve(model)
    inputs, read = taken(what, inputs, Asked(**more), weights)
    inputs = described(inputs, program=isinstance(what, Named | Module))
    draw = Draw(seed)
    asked = asked_for(what, inputs, draw, **more)
    found = ready(what, inputs, asked, draw, verb="run", seed=seed, guesses=guesses, weights=weights)
    graph = found.loaded.graph
    check_layers(graph, layers)
    with progress.stage(f"running {graph.name}"):
        done = run(graph, found.arrays, found.weights, keep=True, kernels=KERNELS["fast"])
    return replace(done, notes=(*read, *found.notes)), maps_of(graph, layers, done.values, graph.name)
