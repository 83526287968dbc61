"""Pieces of activation memory, with the steps over which each is alive: what peak, timeline, order and plan share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netweight.analysis.conventions import Convention
from netweight.analysis.from_weights import made_from_weights
from netweight.analysis.overwriting import ACTIVE, Run, first_in_order, runs_of, writes_over
from netweight.ir import Graph, Node, TensorSpec
from netweight.ir.lifetimes import last_reads
from netweight.ops import REGISTRY

_NOTHING = frozenset({"identity", "detach"})
"""Views that a converter leaves out."""
_MATRIX = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of activation memory.

    Attributes:
        name: The value that it is made for.
        count: Elements of that value.
        nbytes: Its bytes.
        born: Step that writes it, 0 for an input of the network.
        dies: Last step that needs it; as many as there are steps for what the caller gets.
        values: All that live in it one after the other, or as views.
    """

    name: str
    count: int
    nbytes: int
    born: int
    dies: int
    values: tuple[str, ...]


def pieces(graph: Graph, rule: Convention) -> tuple[Piece, ...]:
    """Every piece of activation memory of a graph under a convention, the inputs first, then as they are written."""
    return pieces_of(*homes_of(Facts.of(graph), rule))


def pieces_of(home_of: Mapping[str, str], homes: Mapping[str, Home]) -> tuple[Piece, ...]:
    """The same from the home of each value, and the homes."""
    values: dict[str, list[str]] = {name: [] for name in homes}
    for value, name in home_of.items():
        values[name].append(value)
    return tuple(
        Piece(
            name=name, count=home.count, nbytes=home.nbytes, born=home.born, dies=home.dies, values=tuple(values[name])
        )
        for name, home in homes.items()
    )


@dataclass(slots=True)
class Home:
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
class Facts:
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
    def of(graph: Graph) -> Facts:
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
        return Facts(graph, inputs, sizes, views, last, runs, inner, made, first_in_order(graph))


def homes_of(facts: Facts, rule: Convention) -> tuple[dict[str, str], dict[str, Home]]:
    """For each activation and input the home it lives in, named after its first value; and the homes."""
    graph = facts.graph
    values = graph.values
    last_read = _last_reads(facts, rule)
    home_of: dict[str, str] = {}
    homes: dict[str, Home] = {}
    for name in facts.inputs:
        home_of[name] = name
        homes[name] = _home(facts, rule, name, 0, last_read.get(name, 0))
    whole = not rule.copies_views
    shared = rule.moment == "schedule" and whole
    onto = _onto_shortcuts(facts) if rule.adds_onto_shortcut else {}
    # PyTorch writes new running statistics over the old ones.
    nowhere = facts.inner.union(graph.updates.values()) if rule.held_by_program else facts.inner | facts.made
    for step, (node, view) in enumerate(zip(graph.nodes, facts.views, strict=True)):
        over = node.outputs and writes_over(graph, node, rule, facts.runs.get(step))
        for index, name in enumerate(node.outputs):
            storage = values[name].storage
            if name in nowhere or (storage != name and values[storage].kind not in ACTIVE):
                continue  # a view of a weight is not an activation
            home = home_of.get(storage) if shared or (view and (whole or _stays_view(facts, step))) else None
            if name in onto:
                home = home_of.get(onto[name], home)
            if home is None and over and index == 0:
                home = _taken_over(facts, rule, step, home_of, homes)
            dies = max(step, last_read.get(name, step))
            if home is None:
                home_of[name] = name
                homes[name] = _home(facts, rule, name, step, dies)
            else:
                home_of[name] = home
                # A view never makes memory larger, not even one that repeats elements; nor does writing over it.
                homes[home].dies = max(homes[home].dies, dies)
    return home_of, homes


def _onto_shortcuts(facts: Facts) -> dict[str, str]:
    from netweight.analysis.bottlenecks import sums_onto_shortcuts

    return sums_onto_shortcuts(facts.graph, facts.last_read)


def _home(facts: Facts, rule: Convention, name: str, born: int, dies: int) -> Home:
    count, nbytes = facts.sizes[name]
    return Home(count, -(-nbytes // rule.alignment) * rule.alignment, born, dies)


def _stays_view(facts: Facts, step: int) -> bool:
    """Whether a view is one to a runtime that copies views: within a kernel, or where nothing changes."""
    node = facts.graph.nodes[step]
    return step in facts.runs or node.op in _NOTHING or _only_layout(node)


def _only_layout(node: Node) -> bool:
    """Whether it moves channels behind the positions or back: where maps lie channels last, that is no move."""
    order = node.attrs.order if node.op == "permute" else ()
    count = len(order)
    return count > _MATRIX + 1 and order in ((0, *range(2, count), 1), (0, count - 1, *range(1, count - 1)))


def _taken_over(
    facts: Facts, rule: Convention, step: int, home_of: dict[str, str], homes: dict[str, Home]
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
        if fits and homes[home].dies <= done and not seen_otherwise(facts, name, lived_in):
            return home
    return None


def seen_otherwise(facts: Facts, name: str, lived_in: Mapping[str, object]) -> bool:
    """Whether the call also reads the same memory in another order: it would read elements that it has written over."""
    first = facts.first
    order = first.get(name, name)
    return any(home == lived_in[name] and first.get(other, other) != order for other, home in lived_in.items())


def _last_reads(facts: Facts, rule: Convention) -> dict[str, int]:
    """Step of the last reader of each value, or at which the program lets go of it."""
    if rule.holds_block_inputs:
        from netweight.analysis.bottlenecks import with_block_inputs

        return with_block_inputs(facts.graph, facts.last_read)
    if not (rule.held_by_program or rule.holds_io):
        return facts.last_read
    held = facts.inputs if rule.holds_io else ()
    return last_reads(facts.graph, held=held, by_program=rule.held_by_program)
