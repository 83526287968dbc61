"""A network and its numbers in float64, where rounding hides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from netweight.ir import Graph, is_floating
from netweight.lazy import Array, np


def in_double(graph: Graph) -> Graph:
    """The graph with float64 in the place of every other floating type, conversions to them included."""
    values = {
        name: replace(value, spec=replace(value.spec, dtype="float64")) if _is_real(value.spec.dtype) else value
        for name, value in graph.values.items()
    }
    nodes = tuple([
        replace(node, attrs=replace(node.attrs, dtype="float64"))
        if node.op == "cast" and _is_real(node.attrs.dtype)
        else node
        for node in graph.nodes
    ])  # fmt: skip
    return replace(graph, values=values, nodes=nodes)


def _is_real(dtype: str) -> bool:
    return is_floating(dtype) and not dtype.startswith("complex")


def doubled(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Arrays of floating types in float64; all others as they are."""
    return {name: array.astype(np.float64) if _is_real(array.dtype.name) else array for name, array in arrays.items()}
