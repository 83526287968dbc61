"""A network and its numbers in float64, where rounding hides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from netweight.ir import Graph, is_floating
from netweight.lazy import Array, np

_WIDEST = {"float": "float64", "complex": "complex128"}


def in_double(graph: Graph) -> Graph:
    """The graph with float64 in the place of every other floating type, conversions to them included."""
    values = {
        name: replace(value, spec=replace(value.spec, dtype=widest(value.spec.dtype)))
        for name, value in graph.values.items()
    }
    nodes = tuple([
        replace(node, attrs=replace(node.attrs, dtype=widest(node.attrs.dtype))) if node.op == "cast" else node
        for node in graph.nodes
    ])  # fmt: skip
    return replace(graph, values=values, nodes=nodes)


def widest(dtype: str) -> str:
    """The widest type of that sort; whole numbers stay as they are."""
    if not is_floating(dtype):
        return dtype
    return _WIDEST["complex" if dtype.startswith("complex") else "float"]


def doubled(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Arrays of floating types in the widest of their sort; all others as they are."""
    held = {name: np.asarray(array) for name, array in arrays.items()}
    return {
        name: array.astype(widest(array.dtype.name)) if is_floating(array.dtype.name) else array
        for name, array in held.items()
    }
