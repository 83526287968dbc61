"""Parameters that a step of training leaves as they are."""

from __future__ import annotations

from collections.abc import Sequence

from netweight.ir import Graph, is_floating


def frozen_params(graph: Graph, freeze: Sequence[str] = ()) -> int:
    """How many parameters ask for no gradient, have a type without gradients, or are named by a pattern to freeze."""
    values = [value for value in graph.values.values() if value.kind == "parameter"]
    stay = set(graph.frozen)
    if freeze:
        from netweight.autograd.gradients import is_named

        stay.update(value.name for value in (*values, *graph.unread) if any(is_named(p, value) for p in freeze))
    exact = {dtype for dtype in {v.spec.dtype for v in (*values, *graph.unread)} if not is_floating(dtype)}
    found = [value.elements for value in values if value.name in stay or value.spec.dtype in exact]
    found += [v.spec.numel for v in graph.unread if v.name in stay or v.spec.dtype in exact]
    return sum(found)
