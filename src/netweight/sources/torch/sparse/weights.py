"""Sparse weights of a model, as a file keeps them: elements, and where they are."""

from __future__ import annotations

from dataclasses import replace

from netweight.ir import Graph, Stored

PARTS = ("indices", "pointers")
"""What the positions of a sparse parameter or buffer are called, after its name."""


def with_positions(graph: Graph) -> Graph:
    """The graph, in which positions of sparse weights are part of what the model keeps."""
    found = {
        places.name: replace(places, stored=Stored(dtype=places.spec.dtype, weights=0, nbytes=places.spec.nbytes))
        for places in graph.values.values()
        if places.kind == "constant" and places.stored is None and _belongs_to_a_weight(graph, places.name)
    }
    return replace(graph, values={**graph.values, **found}) if found else graph


def _belongs_to_a_weight(graph: Graph, name: str) -> bool:
    weight, _, part = name.rpartition(".")
    return part in PARTS and weight in graph.values and graph.values[weight].weighs
