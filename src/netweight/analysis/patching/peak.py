"""Bytes alive while a stage runs patch by patch, and after it.

While it runs there are: the maps that it fills, whole from the first patch on; the inputs, whole, unless they are
streamed, so that a patch holds its own part alone; and what the patch itself has alive. A part of a map is written
where it belongs, so it takes no memory beside the map.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from netweight.analysis.conventions import Convention, convention
from netweight.analysis.deployed import deployed
from netweight.analysis.memory import Measured, bytes_alive, measured
from netweight.analysis.memory_table import as_deployed
from netweight.analysis.patching.graph_of_patch import PatchNodes, fused_in, suffix_for
from netweight.analysis.patching.stage import Patch, Stage
from netweight.analysis.pieces import Facts, Piece
from netweight.errors import UsageError
from netweight.ir import Graph, Value
from netweight.results.patches import Moment


def rule_for(name: str, *, as_written: bool = False) -> Convention:
    """The convention of that name, over the kernels of a runtime unless the network is taken as it is written.

    Raises:
        UnknownNameError: If there is none.
        UsageError: If it does not say what is alive at a step of any network.
    """
    rule = convention(name)
    if rule.moment != "schedule" or rule.held_by_program or rule.shares_rows:
        raise UsageError(
            f"patches: expected a convention of whole tensors that are alive per step, got {name!r}",
            fix="mcunet-v2, inplace, liveness",
        )
    return rule if as_written else as_deployed(rule)


def peak_before(graph: Graph, rule: Convention) -> Moment:
    """The most bytes alive in the network as it is."""
    kernels, found = _measured(graph, rule)
    layer = kernels.nodes[found.step].layer if kernels.nodes else ""
    tensors = tuple([(name, found.homes[name].nbytes) for name in found.names])
    return Moment(nbytes=found.peak_bytes, layer=layer, tensors=tensors)


def peak_of_patch(stage: Stage, patch: Patch, rule: Convention, *, streamed: bool) -> Moment:
    """The most bytes alive while one patch runs.

    Args:
        stage: The layers that run patch by patch.
        patch: The patch.
        rule: What is alive when.
        streamed: Whether the inputs are in memory only as far as the patch reads them.
    """
    graph, filled = _graph_of(stage, patch, streamed=streamed)
    beside = {**maps_of(stage), **inputs_beside(stage, streamed=streamed)}
    kernels, found = _measured(graph, replace(rule, holds_io=False))
    homes = [piece for piece in found.pieces if not _is_beside(piece, beside, filled)]
    alive = bytes_alive(homes, len(kernels.nodes))
    step = max(range(len(alive)), key=alive.__getitem__, default=0)
    there = [(piece.name, piece.nbytes) for piece in homes if piece.born <= step <= piece.dies]
    tensors = (*beside.items(), *there)
    layer = kernels.nodes[step].layer if kernels.nodes else ""
    return Moment(nbytes=sum([size for _, size in tensors]), layer=layer, tensors=tensors)


def peak_after(stage: Stage, rule: Convention, *, streamed: bool) -> Moment:
    """The most bytes alive once the maps are there."""
    found = peak_before(graph_after(stage), replace(rule, holds_io=False))
    held = inputs_beside(stage, streamed=streamed) if rule.holds_io else {}
    there = {name for name, _ in found.tensors}
    beside = [(name, size) for name, size in held.items() if name not in there]
    nbytes = found.nbytes + sum([size for _, size in beside])
    return Moment(nbytes=nbytes, layer=found.layer, tensors=(*beside, *found.tensors))


def _measured(graph: Graph, rule: Convention) -> tuple[Graph, Measured]:
    """The network in the kernels of a convention, and what it takes."""
    kernels = deployed(graph, rule.kernels).graph
    return kernels, measured(Facts.of(kernels), rule)


def maps_of(stage: Stage) -> dict[str, int]:
    """Bytes of what the stage fills; of several views of the same memory the largest."""
    found: dict[str, tuple[str, int]] = {}
    for name in stage.results:
        value = stage.graph.values[name]
        if value.storage not in found or found[value.storage][1] < value.spec.nbytes:
            found[value.storage] = name, value.spec.nbytes
    return dict(found.values())


def inputs_beside(stage: Stage, *, streamed: bool) -> dict[str, int]:
    """Bytes of the inputs that are whole in memory while patches run; streamed ones only if later layers read them."""
    later = {name for node in stage.graph.nodes[stage.end :] for name in node.inputs}
    return {name: stage.graph.spec(name).nbytes for name in stage.graph.inputs if not streamed or name in later}


def _is_beside(piece: Piece, beside: Mapping[str, int], filled: Mapping[str, int]) -> bool:
    """Whether it is an input that is counted whole, or a part of a map."""
    return piece.name in beside or any(filled.get(value) == piece.nbytes for value in piece.values)


def _graph_of(stage: Stage, patch: Patch, *, streamed: bool) -> tuple[Graph, dict[str, int]]:
    """One patch as a network, and the bytes of its parts of the maps by name."""
    graph = stage.graph
    nodes = PatchNodes(stage=stage, patch=patch, suffix=suffix_for(patch.place, graph.values))
    nodes.add(inputs_there=streamed)
    steps = set(stage.steps)
    shared = [node for step, node in enumerate(graph.nodes[: stage.end]) if step not in steps]
    stored = {name: value for name, value in graph.values.items() if _stays(stage, name, streamed=streamed)}
    values = {**stored, **nodes.values}
    found = Graph(
        name=graph.name,
        values=values,
        nodes=(*shared, *nodes.nodes),
        inputs=tuple([name for name, value in values.items() if value.kind == "input"]),
        outputs=tuple(nodes.results.values()),
        fused=tuple(fused_in(nodes, [run for run in graph.fused if run[1] < stage.end], len(shared))),
    )
    return found, {name: found.spec(name).nbytes for name in nodes.results.values()}


def _stays(stage: Stage, name: str, *, streamed: bool) -> bool:
    """Whether a value is there for every patch: stored, made of what is stored, or an input held whole."""
    if stage.graph.values[name].kind == "input":
        return not streamed
    return name not in stage.computed


def graph_after(stage: Stage) -> Graph:
    """What comes after the stage as a network of its own, whose inputs are the maps that the stage fills."""
    graph = stage.graph
    steps = set(stage.steps)
    before = [node for step, node in enumerate(graph.nodes[: stage.end]) if step not in steps]
    nodes = (*before, *graph.nodes[stage.end :])
    used = {name for node in nodes for name in (*node.inputs, *node.outputs)} | {*stage.results, *graph.outputs}
    shift = len(before) - stage.end
    values = _with_maps(stage, {name: value for name, value in graph.values.items() if name in used})
    return replace(
        graph,
        values=values,
        nodes=nodes,
        inputs=tuple([name for name, value in values.items() if value.kind == "input"]),
        fused=tuple([(first + shift, last + shift) for first, last in graph.fused if first >= stage.end]),
        lifetimes={},
        temporaries=(),
        checkpoints=(),
    )


def _with_maps(stage: Stage, values: Mapping[str, Value]) -> dict[str, Value]:
    """The values with the results of the stage as inputs, in memory of their own, which later views of it live in."""
    owners = {stage.graph.values[name].storage: name for name in maps_of(stage)}
    later = {name for node in stage.graph.nodes[stage.end :] for name in node.outputs}
    found = {}
    for name, value in values.items():
        changed = value
        if name in stage.results:
            changed = replace(value, kind="input", storage="")
        elif name in later and (value.storage not in values or value.storage in owners):
            changed = replace(value, storage=owners.get(value.storage, ""))
        found[name] = changed
    return found
