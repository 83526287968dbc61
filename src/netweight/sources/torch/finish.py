"""What was recorded, as a graph: layers and values get the names that the user reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch

from netweight.ir import Graph, Node, Value
from netweight.sources.torch.drafts import Draft
from netweight.sources.torch.frames import Frames, layer_names
from netweight.sources.torch.tape import Tape


def finished_graph(tape: Tape, frames: Frames, name: str, inputs: tuple[str, ...], outputs: Iterable[str]) -> Graph:
    """The graph of what is on the tape.

    Args:
        tape: What was recorded.
        frames: The calls of modules.
        name: What the user calls the network.
        inputs: Values that the caller supplies.
        outputs: Values that the caller gets; those of the last node if there are none.
    """
    owners = {value: frames.owner_of(value) for value, kind in tape.kinds.items() if kind == "parameter"}
    layers = layer_names(tape.nodes, frames.calls, owners)
    names = _value_names(tape, layers)
    nodes = tuple([_named_node(node, layer, names) for node, layer in zip(tape.nodes, layers, strict=True)])
    last = nodes[-1].outputs if nodes else ()
    return Graph(
        name=name,
        values=_named_values(tape, names),
        nodes=nodes,
        inputs=inputs,
        outputs=tuple(dict.fromkeys(names[output] for output in outputs)) or last,
        modules=frames.kinds,
        updates={names[buffer]: names[value] for buffer, value in tape.updates.items()},
        lifetimes=_lifetimes(tape, names),
        frozen=_frozen(tape),
    )


def _named_values(tape: Tape, names: Mapping[str, str]) -> dict[str, Value]:
    values = {}
    for key, spec in tape.specs.items():
        name = names[key]
        values[name] = Value(
            name=name,
            spec=spec,
            kind=tape.kinds.get(key, "activation"),
            storage=names[tape.storages[key]],
            quantization=tape.quantizations.get(key),
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


def _value_names(tape: Tape, layers: list[str]) -> dict[str, str]:
    """Final names: an output is called like its layer, calls of the same layer and further outputs numbered."""
    names = {name: name for name in tape.kinds}
    taken = set(names)
    counts: dict[str, int] = {}
    for node, layer in zip(tape.nodes, layers, strict=True):
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


def _frozen(tape: Tape) -> tuple[str, ...]:
    """Parameters that the graph reads and that ask for no gradient."""
    return tuple(
        name
        for name, tensor in tape.parameters()
        if name in tape.tensors and isinstance(tensor, torch.nn.Parameter) and not tensor.requires_grad
    )


def _lifetimes(tape: Tape, names: Mapping[str, str]) -> dict[str, int]:
    """Step after which PyTorch let go of the memory of each activation; the last step for what it still holds."""
    end = len(tape.nodes)
    owners = dict.fromkeys([storage for storage in tape.storages.values() if storage not in tape.kinds])
    return {names[owner]: tape.released.get(owner, end) - 1 for owner in owners}
