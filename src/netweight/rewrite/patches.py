"""The same network with its first layers run patch by patch: slices of the input, every patch, and what joins them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from netweight.analysis.patching.graph_of_patch import PatchNodes, fused_in, suffix_for
from netweight.analysis.patching.stage import Grid, Stage, patches
from netweight.ir import Graph, Node, Value
from netweight.ops.move.slicing import ConcatAttrs, concat_shape


def in_patches(stage: Stage, grid: Grid) -> Graph:
    """The network with a stage run for each patch of a grid; it computes the same.

    Args:
        stage: The layers to run so.
        grid: Patches along each dimension of place.

    Raises:
        CutError: If an operator of the stage cannot work on patches, or the grid does not fit.
    """
    graph = stage.graph
    made = _Made(values=dict(graph.values))
    steps = set(stage.steps)
    made.nodes.extend([node for step, node in enumerate(graph.nodes[: stage.end]) if step not in steps])
    parts: list[Mapping[str, str]] = []
    for patch in patches(stage, grid):
        nodes = PatchNodes(stage=stage, patch=patch, suffix=suffix_for(patch.place, graph.values))
        nodes.add()
        made.fused.extend(fused_in(nodes, [run for run in graph.fused if run[1] < stage.end], len(made.nodes)))
        made.nodes.extend(nodes.nodes)
        made.values.update(nodes.values)
        parts.append(nodes.results)
    for name in stage.results:
        made.join(name, [part[name] for part in parts], grid, _writer(stage, name))
    moved = len(made.nodes) - stage.end
    made.fused.extend([(first + moved, last + moved) for first, last in graph.fused if first >= stage.end])
    made.nodes.extend(graph.nodes[stage.end :])
    return replace(
        graph,
        values=_in_use(made, stage),
        nodes=tuple(made.nodes),
        fused=tuple(made.fused),
        lifetimes={},
        temporaries=(),
        checkpoints=(),
    )


@dataclass(kw_only=True)
class _Made:
    """What there is of the new network.

    Attributes:
        values: By name; more than there will be.
        nodes: In order.
        fused: Runs of one kernel.
    """

    values: dict[str, Value]
    nodes: list[Node] = field(default_factory=list)
    fused: list[tuple[int, int]] = field(default_factory=list)

    def join(self, name: str, parts: Sequence[str], grid: Grid, writer: Node) -> None:
        """Put the parts of a result together: the last dimension first, then rows of rows."""
        for level in reversed(range(len(grid))):
            count, dim = grid[level], level + 2
            groups = [parts[at : at + count] for at in range(0, len(parts), count)]
            if count == 1 and level:
                continue
            names = [f"{name}@{level}:{at}" for at in range(len(groups))] if level else [name]
            for made, group in zip(names, groups, strict=True):
                attrs = ConcatAttrs(dim=dim)
                spec = concat_shape(attrs, *[self.values[part].spec for part in group])
                self.values[made] = Value(name=made, spec=spec)
                node = Node(op="concat", attrs=attrs, inputs=tuple(group), outputs=(made,), layer=writer.layer)
                self.nodes.append(node)
            parts = names


def _writer(stage: Stage, name: str) -> Node:
    return next(node for node in stage.graph.nodes if name in node.outputs)


def _in_use(made: _Made, stage: Stage) -> dict[str, Value]:
    """Values that are inputs, stored, or written; later views of a result, which is joined now, are views of that."""
    written = {name for node in made.nodes for name in node.outputs}
    later = {name for node in stage.graph.nodes[stage.end :] for name in node.outputs}
    kept = {n: value for n, value in made.values.items() if value.kind != "activation" or n in written}
    joined = {stage.graph.values[name].storage: name for name in stage.results}
    found = {}
    for name, value in kept.items():
        storage = joined.get(value.storage, value.storage) if name in later else value.storage
        found[name] = replace(value, storage=storage if storage in kept else name)
    return found
