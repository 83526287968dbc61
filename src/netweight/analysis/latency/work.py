"""What each kernel of a network computes and moves: operations, bytes of weights, bytes of activations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from netweight.analysis.cost import call_rows
from netweight.analysis.deployed import Deployed, deployed
from netweight.analysis.from_weights import made_from_weights
from netweight.ir import Graph, Node, NoShape, Value
from netweight.ops import REGISTRY, WORK_KINDS
from netweight.results.profile import LayerRow

_ACTIVE = ("activation", "input")
_LOOKUPS = frozenset({"embedding", "embedding_bag", "gather", "gather_nd", "index", "index_select", "slice", "unfold"})
"""Operators that read no more of what they look into than they write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelWork:
    """Work of one kernel; None where it is unknown.

    Attributes:
        node: The operator that it is called by, with what the whole kernel reads and writes.
        steps: Places of the nodes of the network that it runs, in the graph that was asked about.
        layers: Their layers, each once.
        kind: Sort of operator.
        dtype: Element type of the arithmetic.
        macs: Multiply-accumulates.
        ops_total: Operations whatever the type, a MAC two; none for what is folded into weights.
        counts: Operations by kind, ``macs`` among them.
        weight_bytes: Stored bytes that it reads.
        input_bytes: Bytes of activations that it reads.
        output_bytes: Bytes of activations that it writes.
    """

    node: Node
    steps: tuple[int, ...]
    layers: tuple[str, ...]
    kind: str
    dtype: str
    macs: int | None
    ops_total: int | None
    counts: Mapping[str, int] | None
    weight_bytes: int | None
    input_bytes: int | None
    output_bytes: int | None

    @property
    def is_free(self) -> bool:
        """Whether nothing is computed and nothing moved: a view, what is folded into weights."""
        return self.ops_total == 0 and not any((self.weight_bytes, self.input_bytes, self.output_bytes))


def kernel_works(graph: Graph, kernels: str = "runtime") -> tuple[KernelWork, ...]:
    """What each kernel computes and moves, in their order.

    Args:
        graph: The network.
        kernels: Who decides what runs as one: a name in ``KERNELS``; ``"written"`` for every operator on its own.

    Raises:
        ShapeError: If an operator cannot accept its inputs.
    """
    rows = call_rows(graph)
    found = deployed(graph, kernels)
    folds = made_from_weights(graph) if kernels != "written" else frozenset()
    sources = _stored_below(graph, folds)
    return tuple([_work(graph, found, rows, at, sources) for at in range(len(found.steps))])


def _work(
    graph: Graph, found: Deployed, rows: Sequence[LayerRow], at: int, sources: dict[str, frozenset[str]]
) -> KernelWork:
    node, steps = found.graph.nodes[at], found.steps[at]
    done = [step for step in steps if not _is_folded(graph.nodes[step], step == steps[0])]
    parts = [rows[step] for step in done]
    first = parts[0] if parts else None
    is_weight = bool(node.outputs) and all(name in sources for name in node.outputs)
    moves = not is_weight and first is not None and not _is_view(first.op)
    if is_weight:
        parts = []
    unknown = any(isinstance(graph.nodes[step].attrs, NoShape) for step in steps) or (
        first is not None and first.kind == "unknown"
    )
    read = _read(graph, steps, done) if moves else []
    written = [graph.values[name] for name in node.outputs] if moves else []
    output_bytes = sum([value.stored_bytes for value in written])
    most = output_bytes if first is not None and first.op in _LOOKUPS else None
    return KernelWork(
        node=node,
        steps=steps,
        layers=tuple(dict.fromkeys(graph.nodes[step].layer for step in steps)),
        kind=first.kind if first is not None else "layout",
        dtype=first.dtype if first is not None else "float32",
        macs=_sum(row.macs for row in parts),
        ops_total=_sum(row.ops_total for row in parts),
        counts=_counts(parts),
        weight_bytes=None if unknown else sum([_weights(graph, value, sources, most) for value in read]),
        input_bytes=None if unknown else sum([_active(graph, value, sources, most) for value in read]),
        output_bytes=None if unknown else output_bytes,
    )


def _counts(rows: Sequence[LayerRow]) -> dict[str, int] | None:
    """Operations of all of them by kind; None where they are unknown."""
    found: dict[str, int] = {}
    for row in rows:
        if row.ops_total is None:
            return None
        for kind in WORK_KINDS:
            if count := getattr(row, kind):
                found[kind] = found.get(kind, 0) + int(count)
    return found


def _is_folded(node: Node, first: bool) -> bool:  # noqa: FBT001
    return not first and node.op == "batch_norm"


def _is_view(op: str) -> bool:
    definition = REGISTRY.find(op)
    return definition is not None and definition.view


def _sum(figures: Iterable[int | None]) -> int | None:
    found = list(figures)
    return None if None in found else sum([int(figure) for figure in found if figure is not None])


def _read(graph: Graph, steps: Sequence[int], done: Sequence[int]) -> list[Value]:
    """Values that a kernel reads from memory, each once; what is folded into weights reads none."""
    inside = {name for step in steps for name in graph.nodes[step].outputs}
    reads = (name for step in done for name in graph.nodes[step].inputs)
    return [graph.values[name] for name in dict.fromkeys(reads) if name is not None and name not in inside]


def _stored_below(graph: Graph, made: frozenset[str]) -> dict[str, frozenset[str]]:
    """For each value that is made of stored ones alone: those."""
    found: dict[str, frozenset[str]] = {}
    for node in graph.nodes:
        if node.outputs and made.issuperset(node.outputs):
            below = frozenset().union(*(found.get(n, frozenset({n})) for n in node.inputs if n is not None))
            found.update(dict.fromkeys(node.outputs, below))
    return found


def _weights(graph: Graph, value: Value, sources: dict[str, frozenset[str]], most: int | None) -> int:
    """Bytes of weights behind a value: as it is kept, or as it is computed from, whichever is less."""
    if value.name in sources:
        below = sum([graph.values[name].stored_bytes for name in sources[value.name]])
        size = min(value.stored_bytes, below)
    elif _owner(graph, value).kind in _ACTIVE:
        return 0
    else:
        size = value.stored_bytes
    return size if most is None else min(size, most)


def _active(graph: Graph, value: Value, sources: dict[str, frozenset[str]], most: int | None) -> int:
    """Bytes of an activation."""
    if value.name in sources or _owner(graph, value).kind not in _ACTIVE:
        return 0
    return value.stored_bytes if most is None else min(value.stored_bytes, most)


def _owner(graph: Graph, value: Value) -> Value:
    return value if value.storage == value.name else graph.values[value.storage]
