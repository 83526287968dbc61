"""What was recorded of a module, as a graph: layers are called as its modules are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from netweight.ir import Graph
from netweight.sources.torch.module_calls import ModuleCalls, layer_names
from netweight.sources.torch.recording import TensorRecording


def finished_graph(
    recording: TensorRecording, module_calls: ModuleCalls, name: str, inputs: tuple[str, ...], outputs: Iterable[str]
) -> Graph:
    """The graph of what was recorded.

    Args:
        recording: What was recorded.
        module_calls: The calls of modules.
        name: What the user calls the network.
        inputs: Values that the caller supplies.
        outputs: Values that the caller gets; those of the last node if there are none.
    """
    owners = {value: module_calls.owner_of(value) for value, kind in recording.kinds.items() if kind == "parameter"}
    layers = layer_names(recording.nodes, module_calls.calls, owners)
    names = recording.value_names(layers)
    last = recording.nodes[-1].outputs if recording.nodes else ()
    origins = [node.site.origin for node in recording.nodes]
    graph = recording.graph(name, inputs, dict.fromkeys(outputs) or last, layers=layers, names=names, origins=origins)
    history = recording.history
    diverted = history.diverted(recording)
    return replace(
        graph,
        modules=module_calls.kinds,
        lifetimes=_lifetimes(recording, names),
        frozen=tuple(name for name, _ in recording.parameters() if name in history.frozen),
        diverted={names[name]: None if to is None else names[to] for name, to in diverted.items()},
        leaves=tuple(names[name] for name in history.leaves),
        temporaries=recording.constants.temporaries.found(names),
    )


def _lifetimes(recording: TensorRecording, names: Mapping[str, str]) -> dict[str, int]:
    """Step after which PyTorch let go of the memory of each activation; the last step for what it still holds."""
    end = len(recording.nodes)
    owners = dict.fromkeys([storage for storage in recording.storages.values() if storage not in recording.kinds])
    return {names[owner]: recording.released.get(owner, end) - 1 for owner in owners}
