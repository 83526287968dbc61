"""A training as it stands, in one file: weights and what the optimiser keeps as safetensors, the rest as JSON in it.

Tensors of the optimiser are named ``optimizer/PARAMETER.STATE``; all others are the network's parameters and buffers,
under their names. The JSON is in the header's metadata, under ``netweight``. A file is written whole or not at all.

Source: the format of the package safetensors.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from netweight.errors import FormatError, MissingExtraError, UsageError
from netweight.files import whole_file
from netweight.given_files import check_regular
from netweight.ir import Graph
from netweight.lazy import Array, np

FORMAT = 1
_KEY, _OPTIMIZER = "netweight", "optimizer/"
_LISTED = 3


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Checkpoint:
    """A training as it stands.

    Attributes:
        weights: Parameters and buffers by name.
        states: What the optimiser keeps, by parameter and state.
        record: All else, as JSON can hold it: which network, which data, how it is trained, how far it has come.
    """

    weights: dict[str, Array]
    states: dict[str, Array]
    record: dict[str, Any]


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint: the whole file, or the old one stays.

    Raises:
        MissingExtraError: If the package safetensors is not installed.
        UsageError: If the file cannot be written.
    """
    tensors = {**checkpoint.weights, **{_OPTIMIZER + name: array for name, array in checkpoint.states.items()}}
    record = json.dumps({"format": FORMAT, **checkpoint.record}, sort_keys=True)
    content = _package().numpy.save(
        {name: np.ascontiguousarray(array) for name, array in tensors.items()}, metadata={_KEY: record}
    )
    with whole_file(path) as file:
        file.write(content)


def load(path: Path) -> Checkpoint:
    """Read a checkpoint, or a file of weights alone, whose record is empty then.

    Raises:
        MissingExtraError: If the package safetensors is not installed.
        FormatError: If it is no such file, is cut off, or is of another version.
    """
    check_regular(path, "a checkpoint")
    package = _package()
    try:
        with package.safe_open(path, framework="np") as file:
            said = (file.metadata() or {}).get(_KEY, "{}")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 it is no dict
    except (package.SafetensorError, OSError, TypeError, AttributeError) as error:
        raise FormatError(f"checkpoint: expected a safetensors file in {str(path)!r}, got none: {error}") from error
    record = _record(path, said)
    states = {name.removeprefix(_OPTIMIZER): tensors.pop(name) for name in list(tensors) if name.startswith(_OPTIMIZER)}
    return Checkpoint(weights=tensors, states=states, record=record)


def _record(path: Path, said: str) -> dict[str, Any]:
    try:
        record = json.loads(said)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"checkpoint: expected JSON in the metadata of {str(path)!r}, got: {error}") from error
    if not isinstance(record, dict) or record.get("format", FORMAT) != FORMAT:
        found = record.get("format") if isinstance(record, dict) else type(record).__name__
        raise FormatError(
            f"checkpoint: expected format {FORMAT} in {str(path)!r}, got {found}",
            fix="the netweight that wrote it reads it",
        )
    record.pop("format", None)
    return record


def digest(graph: Graph) -> str:
    """What tells one network from another, whatever the batch: operators, and names and shapes of parameters."""
    kept = [v for v in graph.values.values() if v.kind in ("parameter", "buffer")]
    said = [*(f"{v.name}:{v.spec.dtype}{v.spec.shape}" for v in kept), *(node.op for node in graph.nodes)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def fitted(
    path: Path | str, weights: Mapping[str, Array], graph: Graph, others: Mapping[str, Array], *, of: str = ""
) -> dict[str, Array]:
    """Weights of a file for a network: all of its parameters and buffers, and its constants.

    Args:
        path: Where they are from, for messages.
        weights: What the file has.
        graph: The network.
        others: Arrays for what a file does not hold: constants.
        of: The network that the file says it is of.

    Raises:
        UsageError: If one is missing or of another shape, or the file has others.
    """
    needed = {v.name: v.spec for v in graph.values.values() if v.kind in ("parameter", "buffer")}
    faults = [
        *(f"{name} is missing" for name in needed if name not in weights),
        *(
            f"{name} is {list(weights[name].shape)} there and {list(spec.shape)} here"
            for name, spec in needed.items()
            if name in weights and weights[name].shape != spec.shape
        ),
        *(f"{name} is not in the network" for name in weights if name not in needed),
    ]
    if faults:
        more = [f"and {len(faults) - _LISTED:,} more"] if len(faults) > _LISTED else []
        raise UsageError(
            f"checkpoint: expected the weights of {graph.name} in {str(path)!r}, got those of another network",
            why="\n".join([*faults[:_LISTED], *more]),
            fix=f"it is a checkpoint of {of}" if of and of != graph.name else "",
        )
    return {**others, **{name: weights[name].astype(spec.dtype, copy=False) for name, spec in needed.items()}}


def _package() -> ModuleType:
    try:
        import safetensors
        import safetensors.numpy
    except ImportError as error:
        raise MissingExtraError(
            "checkpoint: expected the package safetensors, and it is not installed",
            fix="pip install 'netweight[train]'",
        ) from error
    return safetensors
