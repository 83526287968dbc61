"""What each kernel of a network computes and moves: operations, bytes of weights, bytes of activations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from netweight.analysis.cost import call_rows
from netweight.analysis.deployed import Deployed, deployed
from netweight.analysis.from_weights import made_from_weights
from netweight.analysis.known import known_sum
from netweight.analysis.latency.touched import reads_at_most, writes_at_most
from netweight.ir import Graph, Node, NoShape
from netweight.ops import REGISTRY, WORK_KINDS
from netweight.results.profile import LayerRow

_ACTIVE = ("activation", "input")


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
    read = _read(graph, steps, done) if moves else {}
    written = [graph.values[name] for name in node.outputs] if moves else []
    output_bytes = sum([value.stored_bytes for value in written])
    changed = writes_at_most(graph, graph.nodes[done[0]]) if len(done) == 1 and moves else None
    output_bytes = output_bytes if changed is None else min(output_bytes, changed)
    weights, active = _by_storage(graph, read, sources)
    return KernelWork(
        node=node,
        steps=steps,
        layers=tuple(dict.fromkeys(graph.nodes[step].layer for step in steps)),
        kind=first.kind if first is not None else "layout",
        dtype=first.dtype if first is not None else "float32",
        macs=known_sum([None if row.macs is None else int(row.macs) for row in parts]),
        ops_total=known_sum([None if row.ops_total is None else int(row.ops_total) for row in parts]),
        counts=_counts(parts),
        weight_bytes=None if unknown else weights,
        input_bytes=None if unknown else active,
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


def _read(graph: Graph, steps: Sequence[int], done: Sequence[int]) -> dict[str, int]:
    """Bytes that a kernel reads of each value, at the least; what is folded into weights reads none."""
    inside = {name for step in steps for name in graph.nodes[step].outputs}
    found: dict[str, int] = {}
    for step in done:
        most = reads_at_most(graph, graph.nodes[step])
        for name in graph.nodes[step].inputs:
            if name is not None and name not in inside:
                whole = graph.values[name].stored_bytes
                found[name] = max(found.get(name, 0), min(whole, most.get(name, whole)))
    return found


def _by_storage(graph: Graph, read: Mapping[str, int], sources: Mapping[str, frozenset[str]]) -> tuple[int, int]:
    """Bytes of weights and of activations; views of one tensor are no more than that tensor."""
    weights: dict[str, int] = {}
    active: dict[str, int] = {}
    for name, nbytes in read.items():
        value = graph.values[name]
        owner = graph.values[value.storage]
        if name in sources:
            below = sum([graph.values[source].stored_bytes for source in sources[name]])
            weights[name] = min(nbytes, below)
        else:
            side = active if owner.kind in _ACTIVE else weights
            side[owner.name] = min(side.get(owner.name, 0) + nbytes, owner.stored_bytes)
    return sum(weights.values()), sum(active.values())


def _stored_below(graph: Graph, made: frozenset[str]) -> dict[str, frozenset[str]]:
    """For each value that is made of stored ones alone: those."""
    found: dict[str, frozenset[str]] = {}
    for node in graph.nodes:
        if node.outputs and made.issuperset(node.outputs):
            below = frozenset().union(*(found.get(n, frozenset({n})) for n in node.inputs if n is not None))
            found.update(dict.fromkeys(node.outputs, below))
    return found
