"""Activation memory under named conventions.

A convention is data: a new one is a line in ``CONVENTIONS``. ``layer`` conventions look at each layer alone;
``schedule`` conventions follow every tensor from the step that writes it to its last reader, in the graph's order.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from netweight.analysis.profile import Activations
from netweight.errors import unknown_name
from netweight.ir import Graph, Node, TensorSpec, bits_of
from netweight.ops import REGISTRY


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """How activation memory is counted.

    Attributes:
        about: What it says, in one sentence.
        moment: ``"layer"``: a layer's inputs and outputs, nothing else. ``"schedule"``: everything alive at a step.
        in_place: Kinds of operators whose output takes the memory of their input; under ``schedule`` only where
            nothing reads the input later.
        holds_io: Whether the graph's inputs and outputs stay allocated throughout.
        depthwise_int8_in_place: Whether depthwise convolution of 8-bit types writes over its input.
        held_by_program: Whether a tensor lives as long as the captured program held it, not only to its last reader.
    """

    about: str
    moment: Literal["layer", "schedule"]
    in_place: frozenset[str] = frozenset()
    holds_io: bool = False
    depthwise_int8_in_place: bool = False
    held_by_program: bool = False


_ACTIVE = frozenset({"activation", "input"})
_LECTURE_IN_PLACE = frozenset({"activation", "norm", "dropout"})

CONVENTIONS: dict[str, Convention] = {
    "lecture": Convention(
        about="activation functions, normalisation and dropout work in place; peak = largest input + output of a layer",
        moment="layer",
        in_place=_LECTURE_IN_PLACE,
    ),
    "liveness": Convention(
        about="bytes alive per step; a tensor lives from the step that writes it to its last reader; views share",
        moment="schedule",
    ),
    "io-held": Convention(about="as liveness, graph inputs and outputs never freed", moment="schedule", holds_io=True),
    "inplace": Convention(
        about="as liveness; elementwise operators, and int8 depthwise convolution, write over an input that dies there",
        moment="schedule",
        in_place=_LECTURE_IN_PLACE | {"elementwise"},
        depthwise_int8_in_place=True,
    ),
    "torch-eager": Convention(
        about="what PyTorch eager holds: as liveness, but a tensor lives as long as the program refers to it",
        moment="schedule",
        holds_io=True,
        held_by_program=True,
    ),
}


def convention(name: str) -> Convention:
    """The convention of that name.

    Raises:
        UnknownNameError: If there is none.
    """
    if name not in CONVENTIONS:
        raise unknown_name("activation convention", name, CONVENTIONS, fix=f"known: {', '.join(CONVENTIONS)}")
    return CONVENTIONS[name]


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
        kinds: Kind of each node's operator, and whether it gives a view.
        last_read: Step of the last reader of each value; after the last step for what the caller gets.
    """

    graph: Graph
    inputs: list[str]
    sizes: dict[str, tuple[int, int]]
    kinds: list[tuple[str, bool]]
    last_read: dict[str, int]

    @staticmethod
    def of(graph: Graph) -> _Facts:
        """The facts of a graph."""
        values = graph.values
        known: dict[TensorSpec, tuple[int, int]] = {}
        sizes = {}
        for name, value in values.items():
            if value.kind in _ACTIVE:
                spec = value.spec
                sizes[name] = known.get(spec) or known.setdefault(spec, (spec.numel, spec.nbytes))
        found = [REGISTRY.find(node.op) for node in graph.nodes]
        kinds = [
            ("unknown", False) if definition is None else (definition.kind, definition.view) for definition in found
        ]
        last = {name: step for step, node in enumerate(graph.nodes) for name in node.inputs if name is not None}
        last.update(dict.fromkeys(graph.outputs, len(graph.nodes)))
        inputs = [name for name in sizes if values[name].kind == "input"]
        return _Facts(graph, inputs, sizes, kinds, last)


def activation_memory(graph: Graph, rule: Convention) -> Activations:
    """Total and peak of the activations, in elements and bytes."""
    return _activations(_Facts.of(graph), rule)


def activation_memories(graph: Graph, rules: Mapping[str, Convention]) -> dict[str, Activations]:
    """The same under several conventions, by their names."""
    facts = _Facts.of(graph)
    return {name: _activations(facts, rule) for name, rule in rules.items()}


def _activations(facts: _Facts, rule: Convention) -> Activations:
    graph = facts.graph
    home_of, homes = _assign(facts, rule)
    step, alive = _peak_of_layers(graph, home_of, homes) if rule.moment == "layer" else _peak_of_schedule(graph, homes)
    return Activations(
        total_count=sum([home.count for home in homes.values()]),
        peak_count=sum([homes[name].count for name in alive]),
        total_bytes=sum([home.nbytes for home in homes.values()]),
        peak_bytes=sum([homes[name].nbytes for name in alive]),
        peak_layer=graph.nodes[step].layer if graph.nodes else "",
        peak_tensors=alive,
    )


def new_outputs(graph: Graph, node: Node, rule: Convention) -> tuple[str, ...]:
    """Outputs of a node that take memory of their own under a ``layer`` convention.

    That a description has an operator work in place is not looked at here: the same network has the same figure.
    """
    definition = REGISTRY.find(node.op)
    if definition is None:
        return node.outputs
    if definition.view:
        return ()
    over = _writes_over(graph, node, definition.kind, rule)
    return node.outputs[1:] if over and any(_is_activation(graph, name) for name in node.inputs) else node.outputs


def _is_activation(graph: Graph, name: str | None) -> bool:
    return name is not None and graph.values[graph.values[name].storage].kind in _ACTIVE


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
    for step, (node, (kind, view)) in enumerate(zip(graph.nodes, facts.kinds, strict=True)):
        over = node.outputs and _writes_over(graph, node, kind, rule)
        for index, name in enumerate(node.outputs):
            storage = values[name].storage
            if storage != name and values[storage].kind not in _ACTIVE:
                continue  # a view of a weight is no activation
            home = home_of.get(storage) if shared or view else None
            if home is None and over and index == 0:
                home = _taken_over(facts, node, rule, step, home_of, homes)
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
    facts: _Facts, node: Node, rule: Convention, step: int, home_of: dict[str, str], homes: dict[str, _Home]
) -> str | None:
    """Home of the input that the node writes over, if there is one that it may."""
    size = facts.sizes[node.outputs[0]][1]
    for name in node.inputs:
        home = None if name is None else home_of.get(name)
        if home is None:
            continue
        if rule.moment == "layer" or (homes[home].dies <= step and size <= homes[home].nbytes):
            return home
    return None


def _writes_over(graph: Graph, node: Node, kind: str, rule: Convention) -> bool:
    return kind in rule.in_place or (rule.depthwise_int8_in_place and _is_depthwise_int8(graph, node))


def _is_depthwise_int8(graph: Graph, node: Node) -> bool:
    if node.op != "conv" or node.inputs[0] is None:
        return False
    x = graph.spec(node.inputs[0])
    return node.attrs.groups == x.shape[1] and bits_of(x.dtype) == 8


def _last_reads(facts: _Facts, rule: Convention) -> dict[str, int]:
    """Step after which each value is read no more."""
    if not (rule.held_by_program or rule.holds_io):
        return facts.last_read
    last = dict(facts.last_read)
    if rule.held_by_program:
        last.update({name: max(step, last.get(name, step)) for name, step in facts.graph.lifetimes.items()})
    if rule.holds_io:
        last.update(dict.fromkeys(facts.graph.inputs, len(facts.graph.nodes)))
    return last


def _peak_of_layers(graph: Graph, home_of: dict[str, str], homes: dict[str, _Home]) -> tuple[int, tuple[str, ...]]:
    """The layer whose inputs and outputs together take the most bytes."""
    best, peak_step = -1, 0
    peak: tuple[str, ...] = ()
    for step, node in enumerate(graph.nodes):
        touched = tuple(dict.fromkeys([home_of[n] for n in (*node.inputs, *node.outputs) if n in home_of]))
        size = sum([homes[name].nbytes for name in touched])
        if size > best:
            best, peak_step, peak = size, step, touched
    return peak_step, peak


def _peak_of_schedule(graph: Graph, homes: dict[str, _Home]) -> tuple[int, tuple[str, ...]]:
    """The first step at which the homes alive take the most bytes."""
    change = [0] * (len(graph.nodes) + 1)
    for home in homes.values():
        change[home.born] += home.nbytes
        if home.dies + 1 < len(change):
            change[home.dies + 1] -= home.nbytes
    alive = list(itertools.accumulate(change[: len(graph.nodes)]))
    step = max(range(len(alive)), key=alive.__getitem__) if alive else 0
    return step, tuple(name for name, home in homes.items() if home.born <= step <= home.dies)
