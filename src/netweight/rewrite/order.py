"""The same network in the order that holds the least memory."""

from __future__ import annotations

from netweight.analysis.conventions import Convention
from netweight.analysis.deployed import deployed
from netweight.analysis.order import best_places
from netweight.ir import Graph
from netweight.ir.reorder import reordered
from netweight.ordering.best import SETS


def in_best_order(graph: Graph, rule: Convention, *, limit: int = SETS) -> Graph:
    """The network with its nodes in the order whose activations take the least memory at the worst step.

    Its outputs are the same to the bit: each operator reads what it read before, and random numbers are drawn in the
    same turn. A network whose order is as good as any comes back as it is.

    Args:
        graph: The network.
        rule: A convention with an order that can be chosen: ``analysis.order.has_order``.
        limit: Sets of steps to look at before the best order so far is taken.

    Raises:
        UsageError: If the convention has none.
    """
    steps = deployed(graph, rule.kernels)
    order = best_places(steps.graph, rule, limit)
    return reordered(graph, tuple([place for step in order for place in sorted(steps.steps[step])]))
