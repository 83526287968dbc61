"""The steps that an inference runtime makes of a network: what is folded into weights, and what runs in one kernel.

Memory is asked of the graph that comes out, nothing is computed with it: a kernel stands under the name and the
attributes of its first node, and writes what its last node writes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from netweight.analysis.overwriting import ACTIVE, runs_of
from netweight.analysis.padded import padded_inputs, with_pads
from netweight.ir import Graph, Node, Value
from netweight.ir.lifetimes import last_reads
from netweight.ops import REGISTRY

_LEARNED = frozenset({"conv", "conv_transpose", "linear"})
_AROUND = frozenset({"dequantize", "quantize", "permute", "reshape"})
"""Operators of a kernel of integers that it is not called by."""
_HOSTS = frozenset({"conv", "linear", "matmul", "elementwise", "norm", "pool"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernels:
    """What a runtime runs as one kernel.

    Attributes:
        about: In a few words.
        in_kernel: Operators, or kinds of them, that run on the result of the operator before.
        pads_apart: Whether padding that is neither "same" nor "valid" is an operator of its own.
        hosts: Kinds of operators in whose kernels these run.
        sums: Whether a convolution adds what was computed before it to its result.
        normalises_sums: Whether layer normalisation runs in the kernel of the sum that it alone reads.
    """

    about: str
    in_kernel: frozenset[str]
    pads_apart: bool = False
    hosts: frozenset[str] = _HOSTS
    sums: bool = False
    normalises_sums: bool = False


KERNELS: dict[str, Kernels] = {
    "runtime": Kernels(
        about="batch normalisation folded into the weights before it, an activation function in the kernel before it",
        in_kernel=frozenset({"activation"}),
    ),
    "tflm": Kernels(
        about="ReLU and ReLU6 in the kernel before them, padding that is not SAME on its own, as in TensorFlow Lite",
        in_kernel=frozenset({"relu", "relu6"}),
        pads_apart=True,
    ),
    "onnxruntime": Kernels(
        about="batch normalisation folded, simple activations and sums of feature maps in convolutions",
        in_kernel=frozenset({"relu", "relu6", "leaky_relu", "sigmoid", "tanh"}),
        hosts=frozenset({"conv", "linear", "norm"}),
        sums=True,
        normalises_sums=True,
    ),
    "openvino": Kernels(
        about="batch normalisation folded, activations in the kernel before them, sums of feature maps in convolutions",
        in_kernel=frozenset({"activation"}),
        sums=True,
    ),
}
"""By the name that a convention gives; ``"written"``, which is not here, leaves every operator a kernel of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """A network in the kernels of a runtime.

    Attributes:
        graph: Its steps, one node each.
        steps: For each of them the nodes of the network that it runs, by their places; none for padding that the
            network has inside of another node.
    """

    graph: Graph
    steps: tuple[tuple[int, ...], ...]


def deployed(graph: Graph, kernels: str) -> Deployed:
    """The steps that a runtime makes of a network.

    Args:
        graph: The network.
        kernels: ``"written"``, or a name in ``KERNELS``.
    """
    if kernels == "written":
        return Deployed(graph=graph, steps=tuple((step,) for step in range(len(graph.nodes))))
    rules = KERNELS[kernels]
    found = _merged(graph, _chains(graph, rules))
    if not rules.pads_apart:
        return found
    padded, steps = with_pads(found.graph, found.steps, padded_inputs(graph))
    return Deployed(graph=padded, steps=steps)


def _chains(graph: Graph, rules: Kernels) -> list[tuple[int, ...]]:
    """Places of the nodes of each kernel, in the order of their first nodes."""
    readers: dict[str, list[int]] = {}
    for step, node in enumerate(graph.nodes):
        for name in node.inputs:
            if name is not None:
                readers.setdefault(name, []).append(step)
    bound = {step for first, last in graph.fused for step in range(first, last + 1)}
    seen_outside = {*graph.outputs, *graph.updates.values()}
    integer = integer_kernels(graph)
    taken: set[int] = set()
    chains = []
    for step in range(len(graph.nodes)):
        if step in taken:
            continue
        chain = list(integer.get(step, (step,)))
        while step not in bound and (after := _follower(graph, chain, readers, seen_outside, rules)) is not None:
            if after in bound or after in taken:
                break
            chain.append(after)
        taken.update(chain)
        chains.append(tuple(chain))
    return chains


def _follower(
    graph: Graph, chain: list[int], readers: dict[str, list[int]], seen_outside: set[str], rules: Kernels
) -> int | None:
    """The node that runs in the kernel of a chain behind its last node; None if none does."""
    outputs = graph.nodes[chain[-1]].outputs
    if len(outputs) != 1 or outputs[0] in seen_outside:
        return None
    after = readers.get(outputs[0], [])
    if len(after) != 1:
        return None
    node = graph.nodes[after[0]]
    if rules.sums and _adds_earlier(graph, node, chain):
        return after[0]
    alone = [name for name in node.inputs if name is not None and graph.values[name].kind in ACTIVE] == [outputs[0]]
    if not alone or len(node.outputs) != 1 or graph.spec(node.outputs[0]).shape != graph.spec(outputs[0]).shape:
        return None
    first = graph.nodes[chain[0]]
    if node.op == "batch_norm":
        return after[0] if len(chain) == 1 and first.op in _LEARNED else None
    if node.op == "layer_norm":
        return after[0] if rules.normalises_sums and len(chain) == 1 and first.op == "add" else None
    joins = node.op in rules.in_kernel or _kind(node) in rules.in_kernel
    last = graph.nodes[chain[-1]]
    return after[0] if joins and _kind(first) in rules.hosts and _kind(last) != "activation" else None


def _adds_earlier(graph: Graph, node: Node, chain: list[int]) -> bool:
    """Whether a node adds an activation that is there before a convolution begins to what the convolution makes."""
    parts = [graph.nodes[step] for step in chain]
    if node.op != "add" or parts[0].op != "conv" or any(part.op not in ("conv", "batch_norm") for part in parts):
        return False
    others = [name for name in node.inputs if name is not None and name != parts[-1].outputs[0]]
    earlier = {name for part in graph.nodes[: chain[0]] for name in part.outputs}.union(graph.inputs)
    shape = graph.spec(node.outputs[0]).shape
    return len(others) == 1 and others[0] in earlier and graph.spec(others[0]).shape == shape


def _kind(node: Node) -> str:
    definition = REGISTRY.find(node.op)
    return "unknown" if definition is None else definition.kind


def integer_kernels(graph: Graph) -> dict[int, tuple[int, ...]]:
    """Places of the nodes of each kernel of integers with one result, the operator first, by that of its first node."""
    found = {}
    for run in runs_of(graph, last_reads(graph)).values():
        if run.integer and len(run.writes) == 1 and run.writes[0] in graph.nodes[run.last].outputs:
            steps = range(run.first, run.last + 1)
            head = next((s for s in steps if graph.nodes[s].op not in _AROUND), run.first)
            found[run.first] = (head, *(step for step in steps if step != head))
    return found


def _merged(graph: Graph, chains: list[tuple[int, ...]]) -> Deployed:
    """One node for each chain; values inside are gone, and what shared their memory shares that of the result."""
    gone: dict[str, str] = {}
    nodes = []
    for chain in chains:
        parts = [graph.nodes[step] for step in chain]
        if len(parts) > 1:
            written = {name for part in parts for name in part.outputs}
            result = graph.nodes[max(chain)].outputs
            gone.update(dict.fromkeys(written.difference(result), result[0]))
            parts[0] = replace(parts[0], inputs=_read(parts, written), outputs=result)
        nodes.append(parts[0])
    place = {min(chain): at for at, chain in enumerate(chains)}
    return Deployed(
        graph=replace(
            graph,
            nodes=tuple(nodes),
            values=_without(graph, gone),
            fused=tuple((place[first], place[last]) for first, last in graph.fused if last in place),
            lifetimes={},
            temporaries=(),
            functions=(),
            checkpoints=(),
            diverted={},
        ),
        steps=tuple(chains),
    )


def _read(parts: list[Node], written: set[str]) -> tuple[str | None, ...]:
    """What a kernel reads, in the places that its first node has for it as far as possible."""
    source = {part.outputs[0]: part.inputs[0] for part in parts[1:] if part.outputs}
    reads: list[str | None] = []
    for name in parts[0].inputs:
        given = name
        while given in written:
            given = source[given]
        reads.append(given)
    rest = (name for part in parts[1:] for name in part.inputs if name not in written and name not in reads)
    return (*reads, *dict.fromkeys(rest))


def _without(graph: Graph, gone: dict[str, str]) -> dict[str, Value]:
    values = {}
    for name, value in graph.values.items():
        if name in gone:
            continue
        storage = gone.get(value.storage, value.storage)
        values[name] = value if storage == value.storage else replace(value, storage=storage)
    return values
