"""What a report says of calls that rules of the user's count; what knows of those is imported where there are some."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from netweight.ir import Graph
from netweight.results.profile import LayerRow, OwnOp


def own_ops(graph: Graph, calls: Sequence[LayerRow]) -> tuple[OwnOp, ...]:
    """Operators that rules of the user's count, with how often they are called; ``calls`` are the rows of the nodes."""
    if "custom" not in [row.kind for row in calls]:
        return ()
    from netweight.ops.own import OwnAttrs

    own = [(node.op, node.attrs) for node in graph.nodes if isinstance(node.attrs, OwnAttrs)]
    found = Counter([(op, attrs.place, attrs.says) for op, attrs in own])
    return tuple(OwnOp(op=op, count=count, rule=place, says=says) for (op, place, says), count in found.items())


def note_on_own(found: Sequence[OwnOp]) -> Iterator[str]:
    """A note on them, if there are any."""
    count = sum(op.count for op in found)
    if count:
        names = ", ".join(f"{op.op} ({op.rule})" for op in found)
        yield f"{count} {'call is' if count == 1 else 'calls are'} counted by your rules: {names}"


def note_on_backward(graph: Graph) -> Iterator[str]:
    """A note on those whose rules do not say what backward costs."""
    from netweight.ops.own import OwnAttrs

    own = [(node.op, node.attrs) for node in graph.nodes if isinstance(node.attrs, OwnAttrs)]
    silent = dict.fromkeys(op for op, attrs in own if attrs.backward is None)
    if silent:
        yield f"your rules do not say what the backward of {', '.join(silent)} costs: it is in no figure of training"
