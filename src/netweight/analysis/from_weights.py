"""Which values are computed from stored weights alone, such as a dequantised or a transposed weight."""

from __future__ import annotations

from netweight.ir import Graph

_ACTIVE = frozenset({"activation", "input"})


def made_from_weights(graph: Graph) -> frozenset[str]:
    """Names of the activations computed from parameters, buffers and constants alone.

    They are weights in another form, not activations: a runtime may keep them instead of the stored ones. What an
    operator makes without inputs (a range, random numbers) is an activation.
    """
    values = graph.values
    fixed = {name for name, value in values.items() if value.kind not in _ACTIVE}
    made: set[str] = set()
    for node in graph.nodes:
        reads = [name for name in node.inputs if name is not None]
        if reads and fixed.issuperset(reads):
            fixed.update(node.outputs)
            made.update(node.outputs)
    return frozenset(made)
