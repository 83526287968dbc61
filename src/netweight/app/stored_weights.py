"""Weights that a user gives: arrays by name, or a checkpoint that has them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from netweight.app.arguments import arrays_by_name
from netweight.app.loaded import Loaded
from netweight.lazy import Array

if TYPE_CHECKING:
    from netweight.data.prepared import Normalisation

Weights: TypeAlias = "Mapping[str, Array] | str | Path"


def weights_given(name: str, value: Any) -> Any:
    """Arrays by name, or the path of a checkpoint.

    Raises:
        UsageError: If it is something else.
    """
    return value if isinstance(value, str | Path) else arrays_by_name(name, value)


def centre_of(given: Weights | None) -> Normalisation | None:
    """What pictures were centred by in the training that wrote a checkpoint; None where there is none.

    Raises:
        FormatError: If a file is no checkpoint.
    """
    if not isinstance(given, str | Path):
        return None
    from netweight.data.prepared import Normalisation
    from netweight.training.checkpoint import load
    from netweight.training.record import check_record

    record = load(Path(given)).record
    if record.get("centre") is None:
        return None
    check_record(record, given, ("centre",))
    said = record["centre"]
    return Normalisation(mean=tuple(said["mean"]), std=tuple(said["std"]))


def arrays_of(given: Weights, loaded: Loaded) -> Mapping[str, Array]:
    """The arrays: those of a checkpoint are all of a network's parameters and buffers.

    Raises:
        FormatError: If a file is no checkpoint.
        UsageError: If it is that of another network.
    """
    if not isinstance(given, str | Path):
        return given
    from netweight.runtime import initialize
    from netweight.training.checkpoint import fitted, load

    found = load(Path(given))
    graph = loaded.graph
    others = loaded.weights() if loaded.weights is not None else initialize(graph)
    constants = {name: others[name] for name, value in graph.values.items() if value.kind == "constant"}
    return fitted(given, found.weights, graph, constants, of=str(found.record.get("model", "")))
