"""How much of a network the figures speak of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from netweight.analysis.own_rules import own_ops
from netweight.ir import Graph, NoShape
from netweight.results.profile import Coverage, LayerRow, UnknownOp


def coverage_of(
    graph: Graph, rows: Iterable[LayerRow], calls: Sequence[LayerRow], *, exact: bool, stopped_at: str | None,
    guesses: tuple[str, ...],
) -> Coverage:  # fmt: skip
    """Calls that are counted, free, or unknown.

    Args:
        graph: The network.
        rows: Its layers.
        calls: The row of each call.
        exact: Whether the source guessed nothing and left nothing out.
        stopped_at: Module in which the source stopped.
        guesses: Those of the notes after which figures may not be exact.
    """
    unknown = _unknown(graph, [row for row in rows if row.kind == "unknown"])
    working = len([row for row in calls if row.ops_total])
    return Coverage(
        nodes=len(calls),
        counted=working,
        free=len(calls) - working - sum([op.count for op in unknown]),
        unknown=tuple(unknown),
        complete=exact and not unknown and stopped_at is None,
        stopped_at=stopped_at,
        guesses=guesses,
        own_rules=own_ops(graph, calls),
    )


def _unknown(graph: Graph, rows: Sequence[LayerRow]) -> list[UnknownOp]:
    """Operators of rows that are not counted, and why not."""
    unshaped = {(node.layer, node.op) for node in graph.nodes if isinstance(node.attrs, NoShape)} if rows else ()
    return [
        UnknownOp(
            op=row.op,
            layer=row.layer,
            count=row.calls,
            reason="shape unknown" if (row.layer, row.op) in unshaped else "no rule",
        )
        for row in rows
    ]
