"""What a report says of calls that rules of the user's count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from netweight.ir import Graph
from netweight.ops.own import OwnAttrs
from netweight.results.profile import OwnOp


def own_ops(graph: Graph) -> tuple[OwnOp, ...]:
    """Operators that rules of the user's count, with how often they are called."""
    found = Counter([(node.op, node.attrs.place) for node in graph.nodes if node.attrs.__class__ is OwnAttrs])
    return tuple(OwnOp(op=op, count=count, rule=place) for (op, place), count in found.items())


def note_on_own(found: Sequence[OwnOp]) -> Iterator[str]:
    """A note on them, if there are any."""
    count = sum(op.count for op in found)
    if count:
        names = ", ".join(f"{op.op} ({op.rule})" for op in found)
        yield f"{count} {'call is' if count == 1 else 'calls are'} counted by your rules: {names}"


def note_on_backward(graph: Graph) -> Iterator[str]:
    """A note on those whose rules do not say what backward costs."""
    silent = dict.fromkeys(
        node.op for node in graph.nodes if isinstance(node.attrs, OwnAttrs) and node.attrs.backward is None
    )
    if silent:
        yield f"your rules do not say what the backward of {', '.join(silent)} costs: it is in no figure of training"
