"""The same network with its causal attention counted otherwise: a named choice, which the report says."""

from __future__ import annotations

from dataclasses import fields, replace

from netweight.errors import unknown_name
from netweight.ir import Graph, Node
from netweight.ops.contract.attention import AttentionAttrs, SeenPairsAttrs

CHOICES = ("full", "half")
"""All pairs of queries and keys, or those that a causal mask leaves: s(s + 1)/2 of s * s."""


def with_causal(graph: Graph, choice: str) -> tuple[Graph, str]:
    """The graph with causal attention counted by one of ``CHOICES``, and what is to be said of that.

    Raises:
        UnknownNameError: If there is no such choice.
    """
    if choice not in CHOICES:
        raise unknown_name("way to count causal attention", choice, CHOICES, fix="full or half")
    if choice == "full":
        return graph, ""
    nodes = tuple(map(_by_seen_pairs, graph.nodes))
    count = sum(isinstance(node.attrs, SeenPairsAttrs) for node in nodes)
    return replace(graph, nodes=nodes), _says(count)


def _by_seen_pairs(node: Node) -> Node:
    attrs = node.attrs
    if not isinstance(attrs, AttentionAttrs) or not attrs.is_causal:
        return node
    return replace(node, attrs=SeenPairsAttrs(**{f.name: getattr(attrs, f.name) for f in fields(attrs)}))


def _says(count: int) -> str:
    if not count:
        return "causal attention is to count half: no attention here is causal; a mask that is a tensor counts in full"
    calls = f"{count} call{'s' if count > 1 else ''}"
    return f"causal attention counts half: the s(s + 1)/2 pairs that the mask leaves, not all s * s, in {calls}"
