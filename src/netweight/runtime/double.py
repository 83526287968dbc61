"""A network and its numbers in float64, where rounding hides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from netweight.ir import Graph, is_floating
from netweight.lazy import Array, np


def in_double(graph: Graph) -> Graph:
    """The graph whose conversions to floating types are to float64, so that none rounds."""
    nodes = tuple([
        replace(node, attrs=replace(node.attrs, dtype="float64"))
        if node.op == "cast" and is_floating(node.attrs.dtype)
        else node
        for node in graph.nodes
    ])  # fmt: skip
    return replace(graph, nodes=nodes)


def doubled(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Arrays of floating types in float64; all others as they are."""
    return {
        name: array.astype(np.float64) if is_floating(array.dtype.name) and array.dtype.kind != "c" else array
        for name, array in arrays.items()
    }
