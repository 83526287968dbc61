"""Where gradients go at each step of backward: from what a node writes to what it reads, if nothing diverts them."""

from __future__ import annotations

from dataclasses import dataclass

from netweight.ir import Graph, Node
from netweight.ops import REGISTRY


@dataclass(frozen=True, slots=True)
class Link:
    """What one step of backward connects.

    Attributes:
        takes: Values whose gradients arrive.
        gives: Values that gradients are passed on to; None where the node has no tensor.
        straight: Whether the gradient is passed on as it is.
        broken: Whether the operator has no gradient.
    """

    takes: tuple[str, ...]
    gives: tuple[str | None, ...]
    straight: bool = False
    broken: bool = False


_NOWHERE = Link((), ())


def links_of(graph: Graph) -> tuple[Link, ...]:
    """The link of each node."""
    return tuple([_link(graph, node) for node in graph.nodes])


def _link(graph: Graph, node: Node) -> Link:
    if node.op == "detach" or (graph.diverted and not graph.diverted.keys().isdisjoint(node.outputs)):
        return _diverted(graph, node)
    op = REGISTRY.get(node.op)
    return Link(node.outputs, node.inputs, broken=op is not None and not op.differentiable)


def _diverted(graph: Graph, node: Node) -> Link:
    """Gradients pass by the node, or end there."""
    pairs = [(name, graph.diverted[name]) for name in node.outputs if graph.diverted.get(name) is not None]
    if not pairs:
        return _NOWHERE
    takes, gives = zip(*pairs, strict=True)
    return Link(takes, gives, straight=True)
