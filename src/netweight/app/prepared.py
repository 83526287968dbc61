"""What the user named as engines take it: a network with numbers, its file or its module, and a folder for files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netweight.app.asked import Asked
from netweight.app.drawn import Draw
from netweight.app.identify import Given, Module, OnnxFile, TfliteFile, resolve
from netweight.app.loaded import Loaded
from netweight.app.picture_inputs import taken
from netweight.app.ready import asked_for, ready
from netweight.app.stored_weights import Weights
from netweight.engines.engine import Prepared
from netweight.lazy import Array


def prepared(
    verb: str,
    model: Any,
    inputs: Any,
    folder: Path,
    *,
    batch: int | None = None,
    seed: int = 0,
    weights: Weights | None = None,
    dims: Mapping[str, int] | None = None,
    guesses: bool = False,
) -> tuple[Prepared, Loaded, tuple[str, ...]]:
    """The network for engines, how it was read, and what a reader must know.

    Args:
        verb: What asks, for messages.
        model: What the user named.
        inputs: What the user gave for its inputs.
        folder: Where files for engines go.
        batch: Samples at once.
        seed: Of random inputs and weights.
        weights: The user's weights; None for those of the model.
        dims: Sizes of open dimensions of an ONNX model.
        guesses: Whether to go on where the capture had to guess.

    Raises:
        NetweightError: If the model, or its input, is not one that fits.
    """
    what = resolve(model)
    draw = Draw(seed)
    inputs, read = taken(what, inputs, Asked(batch=batch, dims=dims, as_written=True), weights)
    shapes = None if isinstance(what, Given) else inputs  # a graph has its own
    asked = asked_for(what, shapes, draw, batch=batch, dims=dims, as_written=True)
    found = ready(what, inputs, asked, draw, verb=verb, seed=seed, guesses=guesses, weights=weights)
    module, arguments = _module(what, found.loaded, found.arrays)
    network = Prepared(
        graph=found.loaded.graph,
        weights=found.weights,
        feeds=found.arrays,
        folder=folder,
        file=_file(what) if weights is None else None,
        module=module,
        arguments=arguments,
    )
    return network, found.loaded, (*read, *found.notes)


def _file(what: Any) -> Path | None:
    """The file that engines read themselves."""
    match what:
        case OnnxFile(model=Path() as path) | TfliteFile(path=path):
            return path
        case OnnxFile(model=str() as name):
            return Path(name)
        case _:
            return None


def _module(what: Any, loaded: Loaded, arrays: Mapping[str, Array]) -> tuple[Any, tuple[Any, ...]]:
    """The module that the user gave with its arguments, where it takes one tensor per input of the network."""
    if not isinstance(what, Module) or loaded.call:
        return None, ()
    import inspect

    from netweight.app.given_inputs import tensor_of

    takes = inspect.signature(what.module.forward).parameters.values()
    places = [p for p in takes if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = [p for p in places if p.default is p.empty]
    if not len(needed) <= len(arrays) <= len(places) or what.module.training:
        return None, ()
    return what.module, tuple(tensor_of(array) for array in arrays.values())
