"""Activation memory under named conventions."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from netweight.analysis.conventions import Convention
from netweight.analysis.from_weights import made_from_weights
from netweight.analysis.held import Held
from netweight.analysis.overwriting import ACTIVE, Run, first_in_order, runs_of, writes_over
from netweight.autograd.eager_steps import made_inside
from netweight.ir import Graph, TensorSpec
from netweight.ir.lifetimes import last_reads
from netweight.ops import REGISTRY
from netweight.results.profile import Activations


@dataclass(slots=True)
class _Home:
    """One piece of activation memory: the values that live in it one after the other, or as views.

    Attributes:
        count: Elements of the first.
        nbytes: Bytes of the first, the largest of them.
        born: Step that writes the first.
        dies: Last step that reads any.
    """

    count: int
    nbytes: int
    born: int
    dies: int


@dataclass(slots=True)
class _Facts:
    """What every convention asks of a graph, found once.

    Attributes:
        graph: The network.
        inputs: Names of the inputs, in the order of the values.
        sizes: Elements and bytes of each activation and input.
        views: Whether each node gives a view.
        last_read: Step of the last reader of each value; after the last step for what the caller gets.
        runs: The run of each step that is part of one.
        inner: Values inside of a kernel: they are not activations.
        made: Weights in another form: they take memory only in a program that makes them at every call.
        first: For each plain reshape the value whose elements it has in the same order.
    """

    graph: Graph
    inputs: list[str]
    sizes: dict[str, tuple[int, int]]
    views: list[bool]
    last_read: dict[str, int]
    runs: dict[int, Run]
    inner: frozenset[str]
    made: frozenset[str]
    first: dict[str, str]

    @staticmethod
    def of(graph: Graph) -> _Facts:
        """The facts of a graph."""
        values = graph.values
        known: dict[TensorSpec, tuple[int, int]] = {}
        sizes = {}
        for name, value in values.items():
            if value.kind in ACTIVE:
                spec = value.spec
                sizes[name] = known.get(spec) or known.setdefault(spec, (spec.numel, spec.nbytes))
        found = [REGISTRY.find(node.op) for node in graph.nodes]
        views = [definition is not None and definition.view for definition in found]
        last = last_reads(graph)
        runs = runs_of(graph, last)
        inputs = [name for name in sizes if values[name].kind == "input"]
        inner = frozenset[str]().union(*[run.inner for run in runs.values()])
        made = made_from_weights(graph)
        return _Facts(graph, inputs, sizes, views, last, runs, inner, made, first_in_order(graph))


def activation_memories(graph: Graph, rules: Mapping[str, Convention]) -> dict[str, Activations]:
    """Total and peak of the activations, in elements and bytes, under several conventions, by their names."""
    facts = _Facts.of(graph)
    return {name: _activations(facts, rule) for name, rule in rules.items()}


def _activations(facts: _Facts, rule: Convention) -> Activations:
    graph = facts.graph
    home_of, homes = _assign(facts, rule)
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


def _assign(facts: _Facts, rule: Convention) -> tuple[dict[str, str], dict[str, _Home]]:
    """For each activation and input the home it lives in, named after its first value; and the homes."""
    graph = facts.graph
    values = graph.values
    last_read = _last_reads(facts, rule)
    home_of: dict[str, str] = {}
    homes: dict[str, _Home] = {}
    for name in facts.inputs:
        home_of[name] = name
        homes[name] = _Home(*facts.sizes[name], 0, last_read.get(name, 0))
    shared = rule.moment == "schedule"
    # PyTorch writes new running statistics over the old ones.
    nowhere = facts.inner.union(graph.updates.values()) if rule.held_by_program else facts.inner | facts.made
    for step, (node, view) in enumerate(zip(graph.nodes, facts.views, strict=True)):
        over = node.outputs and writes_over(graph, node, rule, facts.runs.get(step))
        for index, name in enumerate(node.outputs):
            storage = values[name].storage
            if name in nowhere or (storage != name and values[storage].kind not in ACTIVE):
                continue  # a view of a weight is not an activation
            home = home_of.get(storage) if shared or view else None
            if home is None and over and index == 0:
                home = _taken_over(facts, rule, step, home_of, homes)
            dies = max(step, last_read.get(name, step))
            if home is None:
                home_of[name] = name
                homes[name] = _Home(*facts.sizes[name], step, dies)
            else:
                home_of[name] = home
                # A view never makes memory larger, not even one that repeats elements; nor does writing over it.
                homes[home].dies = max(homes[home].dies, dies)
    return home_of, homes


def _taken_over(
    facts: _Facts, rule: Convention, step: int, home_of: dict[str, str], homes: dict[str, _Home]
) -> str | None:
    """Home of the input that the node, or its kernel, writes over; None if it cannot write over any."""
    node, run = facts.graph.nodes[step], facts.runs.get(step)
    reads, done = (node.inputs, step) if run is None else (run.reads, run.last)
    lived_in = {name: home_of[name] for name in reads if name is not None and name in home_of}
    size = facts.sizes[node.outputs[0]][1]
    for name, home in lived_in.items():
        if rule.moment == "layer":
            return home
        fits = size <= homes[home].nbytes and size <= facts.sizes[name][1]
        if fits and homes[home].dies <= done and not _seen_otherwise(facts, name, lived_in):
            return home
    return None


def _seen_otherwise(facts: _Facts, name: str, lived_in: dict[str, str]) -> bool:
    """Whether the call also reads the same memory in another order: it would read elements that it has written over."""
    first = facts.first
    order = first.get(name, name)
    return any(home == lived_in[name] and first.get(other, other) != order for other, home in lived_in.items())


def _last_reads(facts: _Facts, rule: Convention) -> dict[str, int]:
    """Step of the last reader of each value, or at which the program lets go of it."""
    if not (rule.held_by_program or rule.holds_io):
        return facts.last_read
    held = facts.inputs if rule.holds_io else ()
    return last_reads(facts.graph, held=held, by_program=rule.held_by_program)


def _peak_of_layers(facts: _Facts, home_of: dict[str, str], homes: dict[str, _Home]) -> tuple[int, tuple[str, ...]]:
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
    graph: Graph, homes: dict[str, _Home], held: Held, inputs: set[str]
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
