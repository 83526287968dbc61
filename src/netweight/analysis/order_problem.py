"""What may be exchanged in a network, and what each step holds, as a problem of steps and tensors.

A step is a node, or all nodes of one kernel. What is made from weights alone takes no activation memory, and is no
step: it goes where it is needed first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from netweight.analysis.conventions import Convention
from netweight.analysis.overwriting import writes_over
from netweight.analysis.pieces import Facts, Piece, homes_of, pieces_of, seen_otherwise
from netweight.ir import Graph, Node
from netweight.ops import REGISTRY
from netweight.ordering.problem import Problem, Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """A network as a problem of its order.

    Attributes:
        problem: Steps, and the memory that they touch.
        nodes: Places in the graph of the nodes of each step.
        beside: Places of the nodes that are no steps.
        exact: Whether the problem counts what the convention counts; if not, what writes over a larger tensor takes
            memory of its own.
    """

    problem: Problem
    nodes: tuple[tuple[int, ...], ...]
    beside: tuple[int, ...]
    exact: bool


def order_problem(facts: Facts, rule: Convention) -> Steps:
    """The problem of a graph under a convention that follows tensors from step to step."""
    graph = facts.graph
    nodes, beside = _steps(graph, facts)
    apart = pieces_of(*homes_of(facts, replace(rule, in_place=frozenset(), depthwise_int8_in_place=False)))
    home = {value: index for index, piece in enumerate(apart) for value in piece.values}
    reads = [_homes(graph, places, home) for places in nodes]
    tensors = _tensors(graph, apart, reads)
    over, exact = _over(graph, rule, facts, nodes, apart)
    problem = Problem(waits=_waits(graph, nodes, reads), tensors=tensors, over=over)
    return Steps(problem=problem, nodes=nodes, beside=beside, exact=exact)


def _steps(graph: Graph, facts: Facts) -> tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]:
    nodes: list[tuple[int, ...]] = []
    beside = []
    for place, node in enumerate(graph.nodes):
        run = facts.runs.get(place)
        if run is not None:
            if run.first == place:
                nodes.append(tuple(range(run.first, run.last + 1)))
        elif node.outputs and facts.made.issuperset(node.outputs):
            beside.append(place)
        else:
            nodes.append((place,))
    return tuple(nodes), tuple(beside)


def _homes(graph: Graph, places: tuple[int, ...], home: dict[str, int]) -> frozenset[int]:
    """The pieces that a step reads or writes."""
    nodes = [graph.nodes[place] for place in places]
    names = [name for node in nodes for name in (*node.inputs, *node.outputs) if name is not None]
    return frozenset([home[name] for name in names if name in home])


def _tensors(graph: Graph, apart: tuple[Piece, ...], touched: list[frozenset[int]]) -> tuple[Tensor, ...]:
    steps: list[list[int]] = [[] for _ in apart]
    for step, pieces_ in enumerate(touched):
        for index in pieces_:
            steps[index].append(step)
    found = []
    for piece, uses in zip(apart, steps, strict=True):
        there = any(graph.values[value].kind == "input" for value in piece.values)
        writer = None if there or not uses else uses[0]
        readers = tuple(uses if writer is None else uses[1:])
        found.append(Tensor(size=piece.nbytes, writer=writer, readers=readers, held=piece.dies >= len(graph.nodes)))
    return tuple(found)


def _waits(
    graph: Graph, nodes: tuple[tuple[int, ...], ...], touched: list[frozenset[int]]
) -> tuple[tuple[int, ...], ...]:
    """For each step those that write what it reads, whatever would meet what it changes in place, and random ones."""
    writer: dict[str, frozenset[int]] = {}
    users: dict[int, set[int]] = {}
    changed: dict[int, int] = {}
    drawn: int | None = None
    found = []
    for step, places in enumerate(nodes):
        waits: set[int] = set()
        changes = False
        for node in [graph.nodes[place] for place in places]:
            waits.update(*[writer.get(name, ()) for name in node.inputs if name is not None])
            definition = REGISTRY.find(node.op)
            changes |= _in_place(graph, node, view=definition is not None and definition.view)
            if definition is not None and definition.random:  # numbers are drawn one after the other
                waits.update(() if drawn is None else (drawn,))
                drawn = step
            writer.update(dict.fromkeys(node.outputs, frozenset((step,))))
        for index in touched[step]:
            waits.update(users.get(index, ()) if changes else (), (changed[index],) if index in changed else ())
            users.setdefault(index, set()).add(step)
            if changes:
                changed[index] = step
        found.append(tuple(sorted(waits.difference((step,)))))
    return tuple(found)


def _in_place(graph: Graph, node: Node, *, view: bool) -> bool:
    """Whether a node changes the memory of what it reads."""
    return not view and any(graph.values[name].storage != name for name in node.outputs)


def _over(
    graph: Graph, rule: Convention, facts: Facts, nodes: tuple[tuple[int, ...], ...], apart: tuple[Piece, ...]
) -> tuple[tuple[tuple[int, ...], ...], bool]:
    """For each step the pieces that its output may be written over; and whether all of them are as large as it."""
    found, exact = [], True
    home = {value: index for index, piece in enumerate(apart) for value in piece.values}
    for places in nodes:
        node, run = graph.nodes[places[0]], facts.runs.get(places[0])
        candidates: list[int] = []
        own = node.outputs and home.get(node.outputs[0])
        if isinstance(own, int) and apart[own].name == node.outputs[0] and writes_over(graph, node, rule, run):
            reads = node.inputs if run is None else run.reads
            lived_in = {name: home[name] for name in reads if name is not None and name in home}
            fits = [
                index
                for name, index in lived_in.items()
                if apart[own].nbytes <= facts.sizes[name][1] and not seen_otherwise(facts, name, lived_in)
            ]
            candidates = [index for index in dict.fromkeys(fits) if apart[index].nbytes == apart[own].nbytes]
            exact &= len(candidates) == len(set(fits)) and len(node.outputs) == 1
        found.append(tuple(candidates))
    return tuple(found), exact
