"""What was recorded, as a graph: layers and values get the names that the user reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch

from netweight.ir import Graph, Node, Value
from netweight.sources.torch.drafts import Draft
from netweight.sources.torch.module_calls import ModuleCalls, layer_names
from netweight.sources.torch.recording import TensorRecording


def finished_graph(
    recording: TensorRecording, module_calls: ModuleCalls, name: str, inputs: tuple[str, ...], outputs: Iterable[str]
) -> Graph:
    """The graph of what is on the recording.

    Args:
        recording: What was recorded.
        module_calls: The calls of modules.
        name: What the user calls the network.
        inputs: Values that the caller supplies.
        outputs: Values that the caller gets; those of the last node if there are none.
    """
    owners = {value: module_calls.owner_of(value) for value, kind in recording.kinds.items() if kind == "parameter"}
    layers = layer_names(recording.nodes, module_calls.calls, owners)
    names = _value_names(recording, layers)
    nodes = tuple([_named_node(node, layer, names) for node, layer in zip(recording.nodes, layers, strict=True)])
    last = nodes[-1].outputs if nodes else ()
    return Graph(
        name=name,
        values=_named_values(recording, names),
        nodes=nodes,
        inputs=inputs,
        outputs=tuple(dict.fromkeys(names[output] for output in outputs)) or last,
        modules=module_calls.kinds,
        updates={buffer: names[value] for buffer, value in recording.updates.items()},
        lifetimes=_lifetimes(recording, names),
        frozen=_frozen(recording),
    )


def _named_values(recording: TensorRecording, names: Mapping[str, str]) -> dict[str, Value]:
    values = {}
    for key, spec in recording.specs.items():
        name = names[key]
        values[name] = Value(
            name=name,
            spec=spec,
            kind=recording.kinds.get(key, "activation"),
            storage=names[recording.storages[key]],
            quantization=recording.quantizations.get(key),
        )
    return values


def _named_node(node: Draft, layer: str, names: Mapping[str, str]) -> Node:
    return Node(
        op=node.op,
        attrs=node.attrs,
        inputs=tuple([None if i is None else names[i] for i in node.inputs]),
        outputs=tuple([names[o] for o in node.outputs]),
        layer=layer,
        origin=node.site.origin,
    )


def _value_names(recording: TensorRecording, layers: list[str]) -> dict[str, str]:
    """Final names: an output is called like its layer, calls of the same layer and further outputs numbered."""
    names = {name: name for name in recording.kinds}
    taken = set(names)
    counts: dict[str, int] = {}
    for node, layer in zip(recording.nodes, layers, strict=True):
        for output in node.outputs:
            number = counts.get(layer, 0)
            name = layer if not number else f"{layer}:{number}"
            while name in taken:
                number += 1
                name = f"{layer}:{number}"
            counts[layer] = number + 1
            taken.add(name)
            names[output] = name
    return names


def _frozen(recording: TensorRecording) -> tuple[str, ...]:
    """Parameters that the graph reads and that ask for no gradient."""
    return tuple(
        name
        for name, tensor in recording.parameters()
        if name in recording.tensors and isinstance(tensor, torch.nn.Parameter) and not tensor.requires_grad
    )


def _lifetimes(recording: TensorRecording, names: Mapping[str, str]) -> dict[str, int]:
    """Step after which PyTorch let go of the memory of each activation; the last step for what it still holds."""
    end = len(recording.nodes)
    owners = dict.fromkeys([storage for storage in recording.storages.values() if storage not in recording.kinds])
    return {names[owner]: recording.released.get(owner, end) - 1 for owner in owners}
