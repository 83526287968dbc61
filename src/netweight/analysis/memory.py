"""Activation memory under named conventions."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from netweight.analysis.conventions import Convention
from netweight.analysis.pieces import Facts, Home, Piece, homes_of, pieces_of
from netweight.ir import Graph
from netweight.results.profile import Activations

if TYPE_CHECKING:
    from netweight.analysis.held import Held


@dataclass(frozen=True, slots=True)
class Measured:
    """Memory of a graph whose nodes are its steps, under one convention.

    Attributes:
        home_of: Piece of memory that each value lives in.
        homes: The pieces.
        alive: Bytes at each step, rows that are shared once, and temporaries.
        step: The first at which they are the most.
        names: Pieces that are alive then.
        beside: Bytes then that are in no piece; below 0 where pieces share rows.
    """

    home_of: dict[str, str]
    homes: dict[str, Home]
    alive: list[int]
    step: int
    names: tuple[str, ...]
    beside: int = 0

    @property
    def peak_bytes(self) -> int:
        """Bytes at the worst step."""
        return sum([self.homes[name].nbytes for name in self.names]) + self.beside

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The pieces, with the values that live in each."""
        return pieces_of(self.home_of, self.homes)


def activation_memories(graph: Graph, rules: Mapping[str, Convention]) -> dict[str, Activations]:
    """Total and peak of the activations, in elements and bytes, under several conventions, by their names."""
    facts = Facts.of(graph)
    return {
        name: _activations(facts, rule) if rule.kernels == "written" else _deployed_activations(graph, rule)
        for name, rule in rules.items()
    }


def _deployed_activations(graph: Graph, rule: Convention) -> Activations:
    """The same of the kernels that a runtime makes of the graph; the step is that of a kernel's first node."""
    from netweight.analysis.deployed import deployed

    found = deployed(graph, rule.kernels)
    activations = _activations(Facts.of(found.graph), rule)
    firsts = [nodes[0] for nodes in found.steps[max(activations.peak_step - 1, 0) :] if nodes]
    return replace(activations, peak_step=firsts[0] + 1 if firsts else 0)


def _activations(facts: Facts, rule: Convention) -> Activations:
    found = measured(facts, rule)
    homes, alive, nodes = found.homes, found.names, facts.graph.nodes
    return Activations(
        total_count=sum([home.count for home in homes.values()]),
        peak_count=sum([homes[name].count for name in alive]),
        total_bytes=sum([home.nbytes for home in homes.values()]),
        peak_bytes=found.peak_bytes,
        peak_layer=nodes[found.step].layer if nodes else "",
        peak_tensors=alive,
        peak_tensor_counts=tuple([homes[name].count for name in alive]),
        peak_tensor_bytes=tuple([homes[name].nbytes for name in alive]),
        peak_step=found.step + 1 if nodes else 0,
    )


def measured(facts: Facts, rule: Convention) -> Measured:
    """Pieces and peak under a convention, of a graph whose nodes are its steps."""
    graph = facts.graph
    home_of, homes = homes_of(facts, rule)
    if rule.moment == "layer":
        return _by_layer(facts, home_of, homes)
    alive = bytes_alive(homes.values(), len(graph.nodes))
    if rule.shares_rows:
        from netweight.analysis.row_sharing import rows_shared

        return _sharing(alive, rows_shared(facts, home_of, homes), home_of, homes)
    if rule.held_by_program:
        from netweight.analysis.held import Held
        from netweight.autograd.eager_steps import made_inside

        held = Held.of((*graph.temporaries, *made_inside(graph)), len(graph.nodes))
        if any(held.before) or any(held.over):
            return _beside(alive, held, home_of, homes, set(facts.inputs))
    step = _first_most(alive)
    return Measured(home_of, homes, alive, step, _there(homes, step))


def bytes_alive(pieces: Iterable[Home | Piece], steps: int) -> list[int]:
    """Bytes alive at each of so many steps."""
    change = [0] * (steps + 1)
    for piece in pieces:
        change[piece.born] += piece.nbytes
        if piece.dies < steps:
            change[piece.dies + 1] -= piece.nbytes
    return list(itertools.accumulate(change[:steps]))


def _first_most(alive: list[int]) -> int:
    return max(range(len(alive)), key=alive.__getitem__) if alive else 0


def _there(homes: Mapping[str, Home], step: int) -> tuple[str, ...]:
    return tuple([name for name, home in homes.items() if home.born <= step <= home.dies])


def _by_layer(facts: Facts, home_of: dict[str, str], homes: dict[str, Home]) -> Measured:
    """The layer whose inputs and outputs together take the most bytes."""
    touched = []
    for step, node in enumerate(facts.graph.nodes):
        run = facts.runs.get(step)
        names = (*node.inputs, *node.outputs) if run is None else (*run.reads, *run.writes)
        touched.append(tuple(dict.fromkeys([home_of[name] for name in names if name in home_of])))
    alive = [sum([homes[name].nbytes for name in names]) for names in touched]
    step = _first_most(alive)
    return Measured(home_of, homes, alive, step, touched[step] if touched else ())


def _sharing(alive: list[int], shared: list[int], home_of: dict[str, str], homes: dict[str, Home]) -> Measured:
    """Rows that the input and the output of a step share count once."""
    less = [nbytes - rows for nbytes, rows in zip(alive, shared, strict=True)]
    step = _first_most(less)
    return Measured(home_of, homes, less, step, _there(homes, step), -shared[step] if shared else 0)


def _beside(
    alive: list[int], held: Held, home_of: dict[str, str], homes: dict[str, Home], inputs: set[str]
) -> Measured:
    """Temporaries beside the pieces.

    Where temporaries are the more before a step, that is the moment: what the step writes is not there yet.
    """
    new = [0] * len(alive)
    for name, home in homes.items():
        if name not in inputs and home.born < len(new):
            new[home.born] += home.nbytes
    over = [nbytes + held.over[step] for step, nbytes in enumerate(alive)]
    before = [nbytes - new[step] + held.before[step] for step, nbytes in enumerate(alive)]
    most = [max(pair) for pair in zip(over, before, strict=True)]
    step = _first_most(most)
    if not most or over[step] == most[step]:
        return Measured(home_of, homes, most, step, _there(homes, step), held.over[step] if most else 0)
    there = [name for name in _there(homes, step) if name in inputs or homes[name].born < step]
    return Measured(home_of, homes, most, step, tuple(there), held.before[step])
