"""What was recorded, as a graph: layers and values get the names that the user reads."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence

from netweight.ir import Graph, Node, Value
from netweight.ops.table import REGISTRY
from netweight.sources.onnx.naming import Place, layer_names
from netweight.sources.onnx.recording import OnnxRecording, Recorded, free_name

_FOLDED_INTO = frozenset({"conv", "linear"})
"""Kinds of operators that batch normalisation is folded into."""


def finished_graph(
    recording: OnnxRecording, places: Sequence[Place], name: str, inputs: tuple[str, ...], outputs: Collection[str]
) -> tuple[Graph, Mapping[str, str]]:
    """The graph of what a recording recorded, and what its values are called now.

    Args:
        recording: What was recorded.
        places: Where each call of the file belongs.
        name: What the user calls the network.
        inputs: Values that the caller supplies.
        outputs: Values that the caller gets.
    """
    _note_folding(recording, places)
    used = sorted({node.call for node in recording.nodes})
    layers = dict(zip(used, layer_names([places[call] for call in used]), strict=True))
    parts = _parts(recording.nodes)
    names = _value_names(recording, layers)
    graph = Graph(
        name=name,
        values={names[key]: _named(value, names) for key, value in recording.values.items()},
        nodes=tuple(
            Node(
                op=node.op,
                attrs=node.attrs,
                inputs=tuple([None if i is None else names[i] for i in node.inputs]),
                outputs=tuple([names[o] for o in node.outputs]),
                layer=f"{layers[node.call]}{part}",
            )
            for node, part in zip(recording.nodes, parts, strict=True)
        ),
        inputs=inputs,
        outputs=tuple(dict.fromkeys(names[output] for output in outputs)),
        modules=dict(pair for call in used for pair in places[call].classes),
        fused=_fused(recording.nodes),
    )
    return graph, names


def _fused(nodes: Sequence[Recorded]) -> tuple[tuple[int, int], ...]:
    """First and last node of each call that runs as one kernel."""
    runs = []
    for (_, fused), group in itertools.groupby(enumerate(nodes), key=lambda item: (item[1].call, item[1].fused)):
        steps = [step for step, _ in group]
        if fused and len(steps) > 1:
            runs.append((steps[0], steps[-1]))
    return tuple(runs)


def _note_folding(recording: OnnxRecording, places: Sequence[Place]) -> None:
    """Say what batch normalisation had that the exporter folded away."""
    found = {
        node.inputs[1]: (recording.values[node.outputs[0]].spec.shape[1], places[node.call].folded)
        for node in recording.nodes
        if places[node.call].folded and node.op in REGISTRY and REGISTRY[node.op].kind in _FOLDED_INTO
    }
    if not found:
        return
    channels = [count for count, _ in found.values()]
    least, most = (sum([count * pick(lost) for count, lost in found.values()]) for pick in (min, max))
    more = f"{least:,}" if least == most else f"{least:,} (or {most:,}, if these had a bias of their own)"
    recording.note(
        f"batch normalisation is folded into {len(found):,} layers: what was exported has {more} parameters more, and "
        f"{2 * sum(channels):,} buffers"
    )


def _parts(nodes: Sequence[Recorded]) -> list[str]:
    """What comes after the layer's name: nothing for the only work of a call, else the operator, numbered."""
    views = {op for op in {node.op for node in nodes} if _is_view(op)}
    work: dict[int, int] = {}
    for node in nodes:
        work[node.call] = work.get(node.call, 0) + (node.op not in views)
    seen: dict[tuple[int, str], int] = {}
    parts = []
    for node in nodes:
        alone = work[node.call] == 0 or (work[node.call] == 1 and node.op not in views)
        number = seen[node.call, node.op] = seen.get((node.call, node.op), -1) + 1
        parts.append("" if alone and not number else f".{node.op}" + (f"_{number}" if number else ""))
    return parts


def _is_view(op: str) -> bool:
    definition = REGISTRY.find(op)
    return definition is not None and definition.view


def _value_names(recording: OnnxRecording, layers: Mapping[int, str]) -> dict[str, str]:
    """Values are called what the file calls them; those inside a call, like its layer, numbered."""
    names = {name: name for name, value in recording.values.items() if value.kind != "activation"}
    taken = set(names.values())
    numbered: dict[str, int] = {}
    for node in recording.nodes:
        for output in node.outputs:
            label = recording.labels.get(output) or layers[node.call]
            name = free_name(label, taken, numbered)
            taken.add(name)
            names[output] = name
    return names


def _named(value: Value, names: Mapping[str, str]) -> Value:
    if names[value.name] == value.name:
        return value
    return Value(
        name=names[value.name],
        spec=value.spec,
        kind=value.kind,
        storage=names[value.storage],
        quantization=value.quantization,
    )
