"""Which parameters are biases although no operator has a place for them: those added to a product."""

from __future__ import annotations

from netweight.ir import Graph

_PRODUCTS = frozenset({"matmul", "linear", "conv", "integer_matmul", "integer_conv", "einsum"})


def added_biases(graph: Graph) -> frozenset[str]:
    """Names of parameters along one dimension that are added to what a product has just written.

    Exporters write a linear layer as MatMul and Add, and programs as ``x @ weight + bias``. What is added may be a
    view: a number for each channel, shaped as (1, channels, 1, 1).
    """
    values = graph.values
    written = {name for node in graph.nodes if node.op in _PRODUCTS for name in node.outputs}
    found: set[str] = set()
    for node in graph.nodes:
        if node.op == "add" and not written.isdisjoint(node.inputs):
            owners = (values[name].storage for name in node.inputs if name is not None)
            found.update(name for name in owners if values[name].kind == "parameter")
    return frozenset(name for name in found if sum(size > 1 for size in values[name].spec.shape) <= 1)
