"""The order of a network's steps that holds the least memory, and what no order can go below."""

from __future__ import annotations

from collections.abc import Iterator

from netweight.analysis.conventions import Convention
from netweight.analysis.memory import measured
from netweight.analysis.order_problem import Steps, order_problem
from netweight.analysis.pieces import Facts
from netweight.errors import UsageError
from netweight.ir import Graph
from netweight.ir.reorder import reordered
from netweight.ordering.best import SETS, Ordering, best_order
from netweight.results.memory import Order


def has_order(rule: Convention) -> bool:
    """Whether another order of the steps is another figure that can be searched for.

    One that follows a program has the program's order; where blocks of layers count as such, so does their order.
    """
    by_step = rule.moment == "schedule" and not rule.held_by_program
    return by_step and not (rule.shares_rows or rule.adds_onto_shortcut or rule.holds_block_inputs)


def least_peak(facts: Facts, rule: Convention, given: int, *, limit: int = SETS) -> Order:
    """What the best order of the steps holds, and how far it is from what no order can go below.

    Args:
        facts: Of a graph whose nodes are its steps.
        rule: A convention that has an order.
        given: Peak of the order as it stands, in bytes.
        limit: Sets of steps to look at before the best order so far is taken.
    """
    steps = order_problem(facts, rule)
    found = best_order(steps.problem, limit=limit)
    best = _better(facts.graph, steps, found)
    peak = given if best is facts.graph else min(given, _peak(best, rule))
    counted_alike = steps.exact and found.given_peak == given
    bound = min(found.bound if counted_alike else found.footprint, peak)
    return Order(
        footprint_bytes=min(found.footprint, bound),
        peak_bytes=peak,
        lower_bound_bytes=bound,
        proved_optimal=peak == bound,
    )


def best_places(graph: Graph, rule: Convention, limit: int = SETS) -> tuple[int, ...]:
    """Places of the nodes of a graph in the best order that is found; as they stand where that is as good.

    Raises:
        UsageError: If the convention has no order.
    """
    if not has_order(rule):
        raise UsageError(
            f"order: expected a convention whose order can be chosen, got one that says {rule.about!r}",
            fix="liveness, io-held, inplace and tflm have one",
        )
    facts = Facts.of(graph)
    steps = order_problem(facts, rule)
    found = best_order(steps.problem, limit=limit)
    if found.peak < found.given_peak:
        places = tuple(_places(graph, steps, found.order))
        if _peak(reordered(graph, places), rule) < measured(facts, rule).peak_bytes:
            return places
    return tuple(range(len(graph.nodes)))


def _better(graph: Graph, steps: Steps, found: Ordering) -> Graph:
    if found.peak == found.given_peak:
        return graph
    return reordered(graph, tuple(_places(graph, steps, found.order)))


def _peak(graph: Graph, rule: Convention) -> int:
    return measured(Facts.of(graph), rule).peak_bytes


def _places(graph: Graph, steps: Steps, order: tuple[int, ...]) -> Iterator[int]:
    """Places of the nodes in that order; what is made of weights alone stands where it is needed first."""
    writer = {name: place for place in steps.beside for name in graph.nodes[place].outputs}
    waiting = set(steps.beside)

    def needed(place: int) -> Iterator[int]:
        for name in graph.nodes[place].inputs:
            made = None if name is None else writer.get(name)
            if made in waiting and made is not None:
                waiting.discard(made)
                yield from needed(made)
                yield made

    for step in order:
        for place in steps.nodes[step]:
            yield from needed(place)
        yield from steps.nodes[step]
    yield from sorted(waiting)
