"""Activation memory under named conventions.

A convention is data: a new one is a line in ``CONVENTIONS``. ``layer`` conventions look at each layer alone;
``schedule`` conventions follow every tensor from the step that writes it to its last reader, in the graph's order.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

from netweight.analysis.profile import Activations
from netweight.errors import unknown_name
from netweight.ir import Graph, Node, bits_of
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


def activation_memory(graph: Graph, rule: Convention) -> Activations:
    """Total and peak of the activations, in elements and bytes."""
    home_of, homes = _assign(graph, rule)
    step, alive = _peak_of_layers(graph, home_of, homes) if rule.moment == "layer" else _peak_of_schedule(graph, homes)
    return Activations(
        total_count=sum(home.count for home in homes.values()),
        peak_count=sum(homes[name].count for name in alive),
        total_bytes=sum(home.nbytes for home in homes.values()),
        peak_bytes=sum(homes[name].nbytes for name in alive),
        peak_layer=graph.nodes[step].layer if graph.nodes else "",
        peak_tensors=alive,
    )


def new_outputs(graph: Graph, node: Node, rule: Convention) -> tuple[str, ...]:
    """Outputs of a node that take memory of their own under a ``layer`` convention.

    That a description has an operator work in place is not looked at here: the same network has the same figure.
    """
    if _is_view(node):
        return ()
    over = _writes_over(graph, node, rule) and any(_is_activation(graph, name) for name in node.inputs)
    return node.outputs[1:] if over else node.outputs


def _is_view(node: Node) -> bool:
    definition = REGISTRY.get(node.op)
    return definition is not None and definition.view


def _is_activation(graph: Graph, name: str | None) -> bool:
    return name is not None and graph.values[graph.values[name].storage].kind in ("activation", "input")


def _assign(graph: Graph, rule: Convention) -> tuple[dict[str, str], dict[str, _Home]]:
    """For each activation and input the home it lives in, named after its first value; and the homes."""
    last_read = _last_reads(graph, rule)
    home_of: dict[str, str] = {}
    homes: dict[str, _Home] = {}
    for name, value in graph.values.items():
        if value.kind == "input":
            home_of[name] = name
            homes[name] = _Home(value.spec.numel, value.spec.nbytes, 0, last_read.get(name, 0))
    for step, node in enumerate(graph.nodes):
        for index, name in enumerate(node.outputs):
            value = graph.values[name]
            if graph.values[value.storage].kind in ("parameter", "buffer", "constant"):
                continue  # a view of a weight is no activation
            home = home_of.get(value.storage) if rule.moment == "schedule" or _is_view(node) else None
            if home is None and index == 0:
                home = _taken_over(graph, node, rule, step, home_of, homes)
            dies = max(step, last_read.get(name, step))
            if home is None:
                home_of[name] = name
                homes[name] = _Home(value.spec.numel, value.spec.nbytes, step, dies)
            else:
                home_of[name] = home
                # A view never makes memory larger, not even one that repeats elements; nor does writing over it.
                homes[home].dies = max(homes[home].dies, dies)
    return home_of, homes


def _taken_over(
    graph: Graph, node: Node, rule: Convention, step: int, home_of: dict[str, str], homes: dict[str, _Home]
) -> str | None:
    """Home of the input that the node writes over, if it does."""
    if not _writes_over(graph, node, rule):
        return None
    size = graph.spec(node.outputs[0]).nbytes
    for name in node.inputs:
        home = None if name is None else home_of.get(name)
        if home is None:
            continue
        if rule.moment == "layer" or (homes[home].dies <= step and size <= homes[home].nbytes):
            return home
    return None


def _writes_over(graph: Graph, node: Node, rule: Convention) -> bool:
    definition = REGISTRY.get(node.op)
    if definition is None:
        return False
    return definition.kind in rule.in_place or (rule.depthwise_int8_in_place and _is_depthwise_int8(graph, node))


def _is_depthwise_int8(graph: Graph, node: Node) -> bool:
    if node.op != "conv" or node.inputs[0] is None:
        return False
    x = graph.spec(node.inputs[0])
    return node.attrs.groups == x.shape[1] and bits_of(x.dtype) == 8


def _last_reads(graph: Graph, rule: Convention) -> dict[str, int]:
    """Step of the last reader of each value; after the last step for what the caller gets."""
    last = {name: step for step, node in enumerate(graph.nodes) for name in node.inputs if name is not None}
    end = len(graph.nodes)
    last.update(dict.fromkeys(graph.outputs, end))
    if rule.held_by_program:
        last.update({name: max(step, last.get(name, step)) for name, step in graph.lifetimes.items()})
    if rule.holds_io:
        last.update(dict.fromkeys(graph.inputs, end))
    return last


def _peak_of_layers(graph: Graph, home_of: dict[str, str], homes: dict[str, _Home]) -> tuple[int, tuple[str, ...]]:
    """The layer whose inputs and outputs together take the most bytes."""
    best, peak_step = -1, 0
    peak: tuple[str, ...] = ()
    for step, node in enumerate(graph.nodes):
        touched = tuple(dict.fromkeys(home_of[n] for n in (*node.inputs, *node.outputs) if n in home_of))
        size = sum(homes[name].nbytes for name in touched)
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
