"""What was recorded of a module, as a graph: layers are called as its modules are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

import torch

from netweight.ir import Checkpoint, Graph, Value
from netweight.sources.packed_weights import with_packed_weights
from netweight.sources.recording import fused_runs
from netweight.sources.torch.dtypes import spec_of
from netweight.sources.torch.experts import Mixture
from netweight.sources.torch.finish_functions import finished_functions
from netweight.sources.torch.module_calls import ModuleCalls, layer_names
from netweight.sources.torch.recording import TensorRecording
from netweight.sources.torch.sparse.weights import with_positions


def finished_graph(
    recording: TensorRecording, module_calls: ModuleCalls, name: str, inputs: tuple[str, ...], outputs: Iterable[str],
    *, mixtures: Iterable[Mixture] = (), unread: Iterable[tuple[str, torch.Tensor]] = (),
) -> Graph:  # fmt: skip
    """The graph of what was recorded.

    Args:
        recording: What was recorded.
        module_calls: The calls of modules.
        name: What the user calls the network.
        inputs: Values that the caller supplies.
        outputs: Values that the caller gets; those of the last node if there are none.
        mixtures: Its mixtures of experts.
        unread: Parameters that no operator reads.
    """
    owners = {value: module_calls.owner_of(value) for value, kind in recording.kinds.items() if kind == "parameter"}
    layers = layer_names(recording.nodes, module_calls.calls, owners)
    names = recording.value_names(layers)
    last = recording.nodes[-1].outputs if recording.nodes else ()
    experts = {name: (found.chosen, found.experts) for found in mixtures for name in sorted(found.parameters)}
    origins = [node.site.origin for node in recording.nodes]
    graph = recording.graph(name, inputs, tuple(outputs) or last, layers=layers, names=names, origins=origins)
    history = recording.history
    diverted = history.diverted(recording)
    graph = replace(
        graph,
        modules=module_calls.kinds,
        fused=fused_runs(recording.nodes, lambda step: id(step.site)),
        lifetimes=_lifetimes(recording, names),
        frozen=(
            *([name for name, _ in recording.parameters() if name in history.frozen] if history.frozen else ()),
            *[name for name, tensor in unread if not tensor.requires_grad],
        ),
        diverted={names[name]: None if to is None else names[to] for name, to in diverted.items()},
        leaves=tuple(names[name] for name in history.leaves if name not in recording.apart),
        temporaries=recording.constants.temporaries.found(names),
        functions=finished_functions(recording, graph, names),
        checkpoints=_checkpoints(recording, names),
        experts=experts,
        unread=tuple(
            Value(name=name, spec=spec_of(tensor), kind="parameter", stored=recording.stored.get(name))
            for name, tensor in unread
        ),
    )
    graph = with_packed_weights(graph, partial(_transient, module_calls.modules))
    return with_positions(graph) if recording.sparse else graph


def _transient(modules: Mapping[str, torch.nn.Module]) -> frozenset[str]:
    """Buffers that ``state_dict`` leaves out."""
    return frozenset({
        f"{path}.{name}" if path else name
        for path, module in modules.items()
        for name in module._non_persistent_buffers_set
    })  # fmt: skip


def _checkpoints(recording: TensorRecording, names: Mapping[str, str]) -> tuple[Checkpoint, ...]:
    """Parts that run again; one in a backward of the program's own is work of that backward."""
    return tuple([
        Checkpoint(
            values=tuple(names[name] for name in one.values),
            keeps=tuple(names[name] for name in one.keeps),
            stored=tuple(names[name] for name in one.stored),
            whole=one.whole,
        )
        for one in recording.checkpoints
        if not recording.apart.intersection(one.values)
    ])  # fmt: skip


def _lifetimes(recording: TensorRecording, names: Mapping[str, str]) -> dict[str, int]:
    """Step after which PyTorch let go of the memory of each activation; the last step for what it still holds."""
    end = len(recording.nodes)
    owners = dict.fromkeys(
        [storage for storage in recording.storages.values() if storage not in recording.kinds and storage in names]
    )
    return {names[owner]: recording.released.get(owner, end) - 1 for owner in owners}
