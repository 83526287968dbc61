"""The layers that run patch by patch: what they are, what comes out of them, and what each patch has of every tensor.

A stage ends after a node. Its results are all tensors from before that are read later, one in most networks, one for
each resolution in an encoder whose levels are used again. Each result is cut into the same grid.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from netweight.analysis.patching.box import Box, hull, partition, whole
from netweight.analysis.patching.part import Call, CutError, Part
from netweight.analysis.patching.rules import part_of_call
from netweight.ir import Graph, located
from netweight.ir.lifetimes import last_reads

Grid = tuple[int, ...]
BEFORE_SPACE = 2
"""Dimensions of a tensor that are no places: samples and channels."""


class Reach:
    """What every stage of a network asks of it, found once.

    Attributes:
        graph: The network.
        computed: Values that depend on an input.
        last_read: Step of the last reader of each value; after the last step for what the caller gets.
        parts: What calls read for parts of their outputs, by step and these; many patches ask for the same.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.parts: dict[tuple[int, tuple[Box | None, ...]], Part] = {}
        self.last_read = last_reads(graph)
        found = set(graph.inputs)
        for node in graph.nodes:
            if not found.isdisjoint(node.inputs):
                found.update(node.outputs)
        self.computed = frozenset(found)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The first nodes of a network, up to one.

    Attributes:
        reach: What is known of the network.
        end: Number of nodes in it.
    """

    reach: Reach
    end: int

    @property
    def graph(self) -> Graph:
        """The network."""
        return self.reach.graph

    @property
    def computed(self) -> frozenset[str]:
        """Values that depend on an input of the network."""
        return self.reach.computed

    @property
    def layer(self) -> str:
        """Layer of the last node."""
        return self.graph.nodes[self.end - 1].layer

    @cached_property
    def results(self) -> tuple[str, ...]:
        """What the nodes after it read of it, and what the caller gets."""
        last, computed = self.reach.last_read, self.computed
        written = [name for node in self.graph.nodes[: self.end] for name in node.outputs]
        return tuple([name for name in written if last.get(name, -1) >= self.end and name in computed])

    @cached_property
    def steps(self) -> tuple[int, ...]:
        """Its nodes that depend on an input, in order: those that run for each patch."""
        first = enumerate(self.graph.nodes[: self.end])
        return tuple([step for step, node in first if not self.computed.isdisjoint(node.outputs)])

    @property
    def rank(self) -> int:
        """Dimensions that a grid cuts.

        Raises:
            CutError: If a result has no places, or results have different numbers of dimensions.
        """
        ranks = {len(self.graph.spec(name).shape) - BEFORE_SPACE for name in self.results}
        if len(ranks) != 1 or min(ranks) < 1:
            shapes = ", ".join([f"{name} {self.graph.spec(name).shape}" for name in self.results]) or "nothing"
            raise CutError(f"patches: expected maps of samples, channels and places after {self.layer}, got {shapes}")
        return ranks.pop()


@dataclass(frozen=True, kw_only=True)
class Patch:
    """What one patch has of the tensors of a stage.

    Attributes:
        place: Its place in the grid.
        targets: The part of each result that it gives.
        parts: For each node that runs, by its step, what it reads and makes.
        held: For each tensor the part that is there: what is made of it, or of an input what is read.
    """

    place: tuple[int, ...]
    targets: Mapping[str, Box]
    parts: Mapping[int, Part]
    held: Mapping[str, Box]


def check_grid(stage: Stage, grid: Grid) -> None:
    """Refuse a grid that the results cannot be cut into.

    Raises:
        CutError: If it has another number of dimensions, or more rows or columns than a result has positions.
    """
    if len(grid) != stage.rank or min(grid) < 1:
        raise CutError(f"patches: expected {stage.rank} numbers of patches, from 1 on, got {shown(grid)}")
    for name in stage.results:
        places = stage.graph.spec(name).shape[BEFORE_SPACE:]
        if any(count > size for count, size in zip(grid, places, strict=True)):
            raise CutError(f"patches: expected no more than {shown(places)} after {stage.layer}, got {shown(grid)}")


def shown(grid: Sequence[int]) -> str:
    """``4x4``."""
    return "x".join(map(str, grid))


def patches(stage: Stage, grid: Grid) -> Iterator[Patch]:
    """Every patch of the stage, row by row.

    Raises:
        CutError: If an operator of the stage cannot work on patches, or the grid does not fit.
    """
    check_grid(stage, grid)
    for place in itertools.product(*map(range, grid)):
        yield patch_at(stage, grid, place)


def patch_at(stage: Stage, grid: Grid, place: tuple[int, ...]) -> Patch:
    """One patch of the stage.

    Raises:
        CutError: If an operator of the stage cannot work on patches.
    """
    targets = {}
    for name in stage.results:
        shape = stage.graph.spec(name).shape
        cut = [partition(size, n)[at] for size, n, at in zip(shape[BEFORE_SPACE:], grid, place, strict=True)]
        targets[name] = (*whole(shape[:BEFORE_SPACE]), *cut)
    return _traced(stage, place, targets)


def _traced(stage: Stage, place: tuple[int, ...], targets: Mapping[str, Box]) -> Patch:
    """From the results back to the inputs: of every tensor the smallest box around all that is read of it."""
    graph = stage.graph
    needed: dict[str, Box] = dict(targets)
    held: dict[str, Box] = {}
    parts: dict[int, Part] = {}
    for step in reversed(stage.steps):
        node = graph.nodes[step]
        if not any(name in needed for name in node.outputs):
            continue
        part = _part(stage.reach, step, tuple([needed.get(name) for name in node.outputs]))
        parts[step] = part
        held.update({name: box for name, box in zip(node.outputs, part.made, strict=True) if box is not None})
        for name, box in zip(node.inputs, part.inputs, strict=True):
            if name is not None and box is not None and name in stage.computed:
                needed[name] = hull(needed.get(name), box)
    held.update({name: needed[name] for name in graph.inputs if name in needed})
    return Patch(place=place, targets=targets, parts=dict(sorted(parts.items())), held=held)


def _part(reach: Reach, step: int, needed: tuple[Box | None, ...]) -> Part:
    part = reach.parts.get((step, needed))
    if part is None:
        graph, node = reach.graph, reach.graph.nodes[step]
        call = Call(
            op=node.op,
            attrs=node.attrs,
            inputs=graph.input_specs(node),
            outputs=tuple([graph.spec(name) for name in node.outputs]),
            needed=needed,
        )
        with located(node):
            part = reach.parts[step, needed] = part_of_call(call)
    return part
