"""A quantised network as it runs: where a flag and what a model has are turned into one graph, for every verb."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from netweight.ir import Graph
from netweight.results.integer import Integers
from netweight.units import amount

if TYPE_CHECKING:
    from netweight.app.loaded import Loaded
    from netweight.rewrite.integer.fuse import Fused

AS_WRITTEN = (
    "as the model is written: conversions between floating numbers and integers are operators of their own; without "
    "--as-written as runtimes do it, with kernels of integers"
)
_NAMED = 3
_CONVERSIONS = frozenset({"dequantize", "dynamic_quantize"})


def as_it_runs(found: Loaded, *, as_written: bool) -> Loaded:
    """The model with kernels of integers in the place of conversions around operators, unless asked for as written."""
    if not _has_conversions(found.graph):
        return found
    from netweight.rewrite.integer.costs import notes_on_costs, notes_on_layouts
    from netweight.rewrite.integer.fuse import as_run

    fused = as_run(found.graph, _numbers(found))
    if fused is None:
        return replace(found, notes=(*found.notes, *notes_on_costs(found.graph)))
    if as_written:
        return replace(found, notes=(*found.notes, *([AS_WRITTEN] if fused.kernels else [])))
    weights = found.weights
    return replace(
        found,
        graph=fused.graph,
        notes=(
            *found.notes,
            *_notes(found.graph, fused),
            *notes_on_costs(fused.graph),
            *notes_on_layouts(fused.graph),
        ),
        weights=None if weights is None else lambda: fused.weights(weights()),
        integers=Integers(kernels=fused.kernels, alone=fused.alone),
    )


def with_costs(found: Loaded) -> Loaded:
    """A model that runs as it is written, with what its conversions cost said."""
    if not _has_conversions(found.graph):
        return found
    from netweight.rewrite.integer.costs import notes_on_costs

    return replace(found, notes=(*found.notes, *notes_on_costs(found.graph)))


def _has_conversions(graph: Graph) -> bool:
    return not _CONVERSIONS.isdisjoint([node.op for node in graph.nodes])


def _numbers(found: Loaded) -> Any:
    """Makes the array of a stored value; None where a model has no numbers."""
    known: dict[str, Any] = {}

    def array(name: str) -> Any:
        if found.number is not None:
            return found.number(name)
        if not known and found.weights is not None:
            known.update(found.weights())
        return known.get(name)

    return array


def _notes(before: Graph, fused: Fused) -> Iterator[str]:
    if fused.kernels:
        gone = _conversions(before) - _conversions(fused.graph)
        yield (
            f"as runtimes do it: {amount(len(fused.kernels), 'kernel')} of integers in the place of "
            f"{amount(gone, 'conversion')} and the operators between them; --as-written takes the model as it stands"
        )
    reasons: dict[str, list[str]] = {}
    for part in fused.alone:
        reasons.setdefault(part.why, []).append(part.layer)
    for why, layers in reasons.items():
        more = len(layers) - _NAMED
        named = ", ".join(layers[:_NAMED]) + (f" and {more} more" if more > 0 else "")
        yield f"between conversions, and floating all the same: {named}, because {why}"


def _conversions(graph: Graph) -> int:
    """Conversions that are operators of their own."""
    inside = {step for first, last in graph.fused for step in range(first, last + 1)}
    nodes = [node for step, node in enumerate(graph.nodes) if step not in inside]
    return sum(node.op in ("quantize", "dequantize") for node in nodes)
