"""What was recorded, as a graph: layers and values get the names that the user reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from netweight.ir import Graph
from netweight.ops.table import REGISTRY
from netweight.sources.onnx.choices import without_choices
from netweight.sources.onnx.naming import Place, layer_names
from netweight.sources.onnx.recording import OnnxRecording
from netweight.sources.recording import Step, fused_runs, is_view
from netweight.units import amount

_FOLDED_INTO = frozenset({"conv", "linear"})
"""Kinds of operators that batch normalisation is folded into."""


def finished_graph(
    recording: OnnxRecording, places: Sequence[Place], name: str, inputs: tuple[str, ...], outputs: Collection[str],
    *, ours: bool = False,
) -> tuple[Graph, Mapping[str, str]]:  # fmt: skip
    """The graph of what a recording recorded, and what its values are called now.

    Args:
        recording: What was recorded.
        places: Where each call of the file belongs.
        name: What the user calls the network.
        inputs: Values that the caller supplies.
        outputs: Values that the caller gets.
        ours: Whether netweight wrote the file, which calls a node like the layer with the operator behind it.
    """
    _note_folding(recording, places)
    used = sorted({node.site for node in recording.nodes})
    called = dict(zip(used, layer_names([places[call] for call in used]), strict=True))
    if ours:
        called = _without_operators(called, recording.nodes)
    parts = _parts(recording.nodes)
    layers = [called[node.site] for node in recording.nodes]
    names = recording.value_names(layers, recording.labels)
    whole = [f"{layer}{part}" for layer, part in zip(layers, parts, strict=True)]
    graph = without_choices(recording.graph(name, inputs, outputs, layers=whole, names=names))
    classes = dict(pair for call in used for pair in places[call].classes)
    return replace(graph, modules=classes, fused=fused_runs(recording.nodes, lambda step: step.site)), names


def _without_operators(called: Mapping[int, str], nodes: Sequence[Step[int]]) -> dict[int, str]:
    """Layers of several operators without the one that a node of ours is called by: it is put behind them again."""
    ops: dict[int, list[str]] = {}
    for node in nodes:
        ops.setdefault(node.site, []).append(node.op)
    found = dict(called)
    for site, names in ops.items():
        layer, dot, last = called[site].rpartition(".")
        stem, _, number = last.rpartition("_")
        if dot and len(names) > 1 and (last in names or (number.isdigit() and stem in names)):
            found[site] = layer
    return found


def _note_folding(recording: OnnxRecording, places: Sequence[Place]) -> None:
    """Say what batch normalisation had that the exporter folded away."""
    found = {
        node.inputs[1]: (recording.specs[node.outputs[0]].shape[1], places[node.site].folded)
        for node in recording.nodes
        if places[node.site].folded and node.op in REGISTRY and REGISTRY[node.op].kind in _FOLDED_INTO
    }
    if not found:
        return
    channels = [count for count, _ in found.values()]
    least, most = (sum([count * pick(lost) for count, lost in found.values()]) for pick in (min, max))
    more = f"{least:,}" if least == most else f"{least:,} (or {most:,}, if these had a bias of their own)"
    recording.note(
        f"batch normalisation is folded into {amount(len(found), 'layer')}: what was exported has {more} parameters "
        f"more, and {2 * sum(channels):,} buffers"
    )


def _parts(nodes: Sequence[Step[int]]) -> list[str]:
    """What comes after the layer's name: nothing for the only work of a call, else the operator, numbered."""
    views = {op for op in {node.op for node in nodes} if is_view(op)}
    work: dict[int, int] = {}
    for node in nodes:
        work[node.site] = work.get(node.site, 0) + (node.op not in views)
    seen: dict[tuple[int, str], int] = {}
    parts = []
    for node in nodes:
        alone = work[node.site] == 0 or (work[node.site] == 1 and node.op not in views)
        number = seen[node.site, node.op] = seen.get((node.site, node.op), -1) + 1
        parts.append("" if alone and not number else f".{node.op}" + (f"_{number}" if number else ""))
    return parts
