"""The same network in the order that holds the least memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netweight.analysis.conventions import Convention
from netweight.analysis.memory import activation_memories
from netweight.analysis.order_problem import Steps, order_problem
from netweight.ir import Graph
from netweight.ir.reorder import reordered
from netweight.ordering.best import SETS, best_order


@dataclass(frozen=True, slots=True, kw_only=True)
class Reordered:
    """A network in the best order that was found.

    Attributes:
        graph: The network; the given graph itself where its order is as good.
        peak: Bytes of its activations at the worst step.
        given_peak: Bytes of the given order.
        bound: Bytes that no order can go below.
        footprint: Bytes that the dearest operator reads and writes.
        sets: Sets of steps that were looked at.
    """

    graph: Graph
    peak: int
    given_peak: int
    bound: int
    footprint: int
    sets: int

    @property
    def proved(self) -> bool:
        """Whether no order holds less."""
        return self.peak == self.bound


def least_peak(graph: Graph, rule: Convention, *, limit: int = SETS) -> Reordered:
    """A network in the order whose activations take the least memory at the worst step.

    Its outputs are the same to the bit: each operator reads what it read before, and random numbers are drawn in the
    same turn.

    >>> import netweight
    >>> from netweight.analysis.conventions import convention
    >>> found = least_peak(netweight.capture("mobilenet_v2"), convention("liveness"))
    >>> found.peak, found.proved, found.graph is netweight.capture("mobilenet_v2")
    (6021120, True, False)

    Args:
        graph: The network.
        rule: A convention that follows tensors from step to step.
        limit: Sets of steps to look at before the best order so far is taken.
    """
    steps = order_problem(graph, rule)
    found = best_order(steps.problem, limit=limit)
    given = _peak(graph, rule)
    best = reordered(graph, tuple(_places(graph, steps, found.order))) if found.peak < found.given_peak else graph
    peak = given if best is graph else _peak(best, rule)
    if peak >= given:
        best, peak = graph, given
    counted_alike = steps.exact and found.given_peak == given
    bound = min(found.bound, peak) if counted_alike else min(found.footprint, peak)
    return Reordered(
        graph=best, peak=peak, given_peak=given, bound=bound, footprint=min(found.footprint, bound), sets=found.sets
    )


def _peak(graph: Graph, rule: Convention) -> int:
    return activation_memories(graph, {"": rule})[""].peak_bytes


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
