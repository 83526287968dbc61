"""MACs of a stage in patches: those of every operator on every part."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from netweight.analysis.patching.box import part_of, sizes
from netweight.analysis.patching.part import Part
from netweight.analysis.patching.stage import Patch, Stage, patch_at
from netweight.ir import Graph, Node, TensorSpec
from netweight.ops import REGISTRY

_BY_INPUT = frozenset({"conv_transpose"})
"""Operators whose MACs grow with the positions that they read; those of all others do with the ones they write."""


def macs_of(graph: Graph, node: Node) -> int:
    """MACs of a call on whole tensors; 0 where nobody knows them."""
    definition = REGISTRY.find(node.op)
    return 0 if definition is None else int(definition.cost(node.attrs, *graph.input_specs(node)).macs)


def macs_on_part(graph: Graph, node: Node, part: Part) -> int:
    """MACs of a call on parts of tensors."""
    specs: list[TensorSpec | None] = []
    for name, box in zip(node.inputs, part.inputs, strict=True):
        specs.append(None if name is None or box is None else part_of(box, graph.spec(name)))
    return int(REGISTRY[node.op].cost(part.attrs, *specs).macs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strips:
    """A stage cut along one dimension of place alone.

    The interval of a patch along a dimension depends on its place along that alone, so strips along each dimension
    say all about every grid: patch (i, j) has of every tensor what strip i and strip j have in common.

    Attributes:
        widest: Places of the strips that no other strip is as wide as in all tensors.
        positions: For each step with MACs the positions that all strips together have.
    """

    widest: tuple[int, ...]
    positions: dict[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncut:
    """A stage as one patch, which leaves out what nothing reads, such as a last row that a stride steps over.

    Attributes:
        macs: MACs of the steps that have any.
        positions: Positions of those.
    """

    macs: dict[int, int]
    positions: dict[int, int]


def uncut(stage: Stage) -> Uncut:
    """The stage as one patch.

    Raises:
        CutError: If an operator of the stage cannot work on patches.
    """
    one = patch_at(stage, (1,) * stage.rank, (0,) * stage.rank)
    macs = {step: macs_on_part(stage.graph, stage.graph.nodes[step], part) for step, part in one.parts.items()}
    macs = {step: work for step, work in macs.items() if work}
    return Uncut(macs=macs, positions={step: _positions(stage, one, step) for step in macs})


def strips(stage: Stage, dim: int, count: int, steps: Iterable[int]) -> Strips:
    """The stage cut into ``count`` strips along one dimension.

    Args:
        stage: The stage.
        dim: Dimension of place, from 0.
        count: Number of strips.
        steps: Steps that have MACs.

    Raises:
        CutError: If an operator of the stage cannot work on strips.
    """
    grid = tuple([count if place == dim else 1 for place in range(stage.rank)])
    places = [tuple([at if place == dim else 0 for place in range(stage.rank)]) for at in range(count)]
    found = [patch_at(stage, grid, place) for place in places]
    positions = {step: sum([_positions(stage, patch, step) for patch in found]) for step in steps}
    return Strips(widest=_widest(found), positions=positions)


def _positions(stage: Stage, patch: Patch, step: int) -> int:
    part = patch.parts.get(step)
    if part is None:
        return 0
    box = part.inputs[0] if stage.graph.nodes[step].op in _BY_INPUT else part.made[0]
    return 0 if box is None else math.prod(sizes(box))


def _widest(found: Iterable[Patch]) -> tuple[int, ...]:
    """Places of the strips that none of the others outdoes: as wide in every tensor and wider in one, or first."""
    known: dict[tuple[int, ...], int] = {}
    for place, patch in enumerate(found):
        known.setdefault(tuple([size for name in sorted(patch.held) for size in sizes(patch.held[name])]), place)
    return tuple([
        place
        for widths, place in known.items()
        if not any(other != widths and all(a <= b for a, b in zip(widths, other, strict=True)) for other in known)
    ])  # fmt: skip


def macs_in_grid(one: Uncut, along: Sequence[Strips]) -> int:
    """MACs of all patches of the grid that these strips make."""
    total = 0
    for step, work in one.macs.items():
        positions = [cut.positions[step] for cut in along]
        total += work * math.prod(positions) // one.positions[step] ** len(positions)
    return total
