"""Activation memory under named conventions."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from netweight.analysis.conventions import Convention
from netweight.analysis.held import Held
from netweight.analysis.pieces import Facts, Home, homes_of
from netweight.autograd.eager_steps import made_inside
from netweight.ir import Graph
from netweight.results.profile import Activations


def activation_memories(graph: Graph, rules: Mapping[str, Convention]) -> dict[str, Activations]:
    """Total and peak of the activations, in elements and bytes, under several conventions, by their names."""
    facts = Facts.of(graph)
    return {name: _activations(facts, rule) for name, rule in rules.items()}


def _activations(facts: Facts, rule: Convention) -> Activations:
    graph = facts.graph
    home_of, homes = homes_of(facts, rule)
    beside = 0
    if rule.moment == "layer":
        step, alive = _peak_of_layers(facts, home_of, homes)
    else:
        held = Held.of((*graph.temporaries, *made_inside(graph)) if rule.held_by_program else (), len(graph.nodes))
        step, alive, beside = _peak_of_schedule(graph, homes, held, set(facts.inputs))
    return Activations(
        total_count=sum([home.count for home in homes.values()]),
        peak_count=sum([homes[name].count for name in alive]),
        total_bytes=sum([home.nbytes for home in homes.values()]),
        peak_bytes=sum([homes[name].nbytes for name in alive]) + beside,
        peak_layer=graph.nodes[step].layer if graph.nodes else "",
        peak_tensors=alive,
        peak_tensor_counts=tuple([homes[name].count for name in alive]),
        peak_tensor_bytes=tuple([homes[name].nbytes for name in alive]),
        peak_step=step + 1 if graph.nodes else 0,
    )


def _peak_of_layers(facts: Facts, home_of: dict[str, str], homes: dict[str, Home]) -> tuple[int, tuple[str, ...]]:
    """The layer whose inputs and outputs together take the most bytes."""
    best, peak_step = -1, 0
    peak: tuple[str, ...] = ()
    for step, node in enumerate(facts.graph.nodes):
        run = facts.runs.get(step)
        names = (*node.inputs, *node.outputs) if run is None else (*run.reads, *run.writes)
        touched = tuple(dict.fromkeys([home_of[n] for n in names if n in home_of]))
        size = sum([homes[name].nbytes for name in touched])
        if size > best:
            best, peak_step, peak = size, step, touched
    return peak_step, peak


def _peak_of_schedule(
    graph: Graph, homes: dict[str, Home], held: Held, inputs: set[str]
) -> tuple[int, tuple[str, ...], int]:
    """The first step at which the most bytes are alive: the homes then, and the bytes of temporaries beside them.

    Where temporaries are the more before a step, that is the moment: what the step writes is not there yet.
    """
    change = [0] * (len(graph.nodes) + 1)
    for home in homes.values():
        change[home.born] += home.nbytes
        if home.dies + 1 < len(change):
            change[home.dies + 1] -= home.nbytes
    alive = list(itertools.accumulate(change[: len(graph.nodes)]))
    if not any(held.before):
        step = max(range(len(alive)), key=alive.__getitem__) if alive else 0
        return step, tuple(name for name, home in homes.items() if home.born <= step <= home.dies), 0
    new = [0] * len(alive)
    for name, home in homes.items():
        if name not in inputs and home.born < len(new):
            new[home.born] += home.nbytes
    moments = [(alive[step] + held.over[step], -step, 1) for step in range(len(alive))]
    moments += [(alive[step] - new[step] + held.before[step], -step, 0) for step in range(len(alive))]
    _, minus, written = max(moments, default=(0, 0, 1))
    there = (name for name, home in homes.items() if home.born <= -minus - (0 if written or name in inputs else 1))
    names = tuple(name for name in there if homes[name].dies >= -minus)
    return -minus, names, (held.over if written else held.before)[-minus] if alive else 0
